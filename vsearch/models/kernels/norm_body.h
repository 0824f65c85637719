/* The functions for one number format: TYPE, NAME, LOAD and STORE are defined by who includes this. */

/* Mean and variance of each channel. Sums are taken about the first pixel, so that a large mean costs no digits. */
INLINE void NAME(statistics)(const TYPE *x, long pixels, const int channels, float *mean, float *variance) {
    double sums[MOST_CHANNELS] = {0}, squares[MOST_CHANNELS] = {0};
    float first[MOST_CHANNELS];
    for (int c = 0; c < channels; c++) first[c] = LOAD(x[c]);
    for (long start = 0; start < pixels; start += BLOCK) {
        long end = start + BLOCK < pixels ? start + BLOCK : pixels;
        float sum[channels], square[channels];
        for (int c = 0; c < channels; c++) sum[c] = square[c] = 0;
        for (long p = start; p < end; p++)
            for (int c = 0; c < channels; c++) {
                float d = LOAD(x[p * channels + c]) - first[c];
                sum[c] += d;
                square[c] += d * d;
            }
        for (int c = 0; c < channels; c++) {
            sums[c] += sum[c];
            squares[c] += square[c];
        }
    }
    for (int c = 0; c < channels; c++) {
        double shift = sums[c] / pixels, spread = squares[c] / pixels - shift * shift;
        mean[c] = (float)(first[c] + shift);
        variance[c] = (float)(spread < 0 ? 0 : spread);
    }
}

INLINE void NAME(forward_of)(const TYPE *x, const TYPE *shortcut, float scale, long pixels, const int channels,
                             const float *factor, const float *offset, TYPE *y) {
    float a[channels], b[channels];
    for (int c = 0; c < channels; c++) {
        a[c] = factor[c];
        b[c] = offset[c];
    }
    for (long p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            float v = LOAD(x[p * channels + c]) * a[c] + b[c];
            if (shortcut) v += scale * LOAD(shortcut[p * channels + c]);
            y[p * channels + c] = STORE(v < 0 ? 0 : v); /* NaN stays */
        }
}

/* y = relu(norm(x) + scale * shortcut), the last only where it is given; updates the running statistics. */
FOR_EACH_PROCESSOR
void NAME(forward)(const TYPE *x, const TYPE *shortcut, float scale, long pixels, int channels, const float *weight,
                   const float *bias, float *running_mean, float *running_variance, float momentum, float epsilon,
                   TYPE *y, float *mean, float *inverse_deviation) {
    float variance[MOST_CHANNELS], factor[MOST_CHANNELS], offset[MOST_CHANNELS];
    switch (channels) {
    case 16: NAME(statistics)(x, pixels, 16, mean, variance); break;
    case 32: NAME(statistics)(x, pixels, 32, mean, variance); break;
    case 64: NAME(statistics)(x, pixels, 64, mean, variance); break;
    default: NAME(statistics)(x, pixels, channels, mean, variance);
    }
    for (int c = 0; c < channels; c++) {
        inverse_deviation[c] = (float)(1.0 / sqrt((double)variance[c] + epsilon));
        factor[c] = weight[c] * inverse_deviation[c];
        offset[c] = bias[c] - mean[c] * factor[c];
        float unbiased = pixels > 1 ? variance[c] * ((float)pixels / (float)(pixels - 1)) : variance[c];
        running_mean[c] += momentum * (mean[c] - running_mean[c]);
        running_variance[c] += momentum * (unbiased - running_variance[c]);
    }
#define RUN(C) (shortcut ? NAME(forward_of)(x, shortcut, scale, pixels, C, factor, offset, y) \
                         : NAME(forward_of)(x, 0, scale, pixels, C, factor, offset, y))
    switch (channels) {
    case 16: RUN(16); break;
    case 32: RUN(32); break;
    case 64: RUN(64); break;
    default: RUN(channels);
    }
#undef RUN
}

/* Sums of the gradient that passes the relu, and of it times x - mean. The relu passes where y, or norm(x), is > 0. */
INLINE void NAME(gradient_sums)(const TYPE *g, const TYPE *x, const TYPE *y, long pixels, const int channels,
                                const float *mean, const float *factor, const float *offset, double *sums,
                                double *products) {
    float m[channels], a[channels], b[channels];
    for (int c = 0; c < channels; c++) {
        m[c] = mean[c];
        a[c] = factor[c];
        b[c] = offset[c];
        sums[c] = products[c] = 0;
    }
    for (long start = 0; start < pixels; start += BLOCK) {
        long end = start + BLOCK < pixels ? start + BLOCK : pixels;
        float sum[channels], product[channels];
        for (int c = 0; c < channels; c++) sum[c] = product[c] = 0;
        for (long p = start; p < end; p++)
            for (int c = 0; c < channels; c++) {
                float value = LOAD(x[p * channels + c]);
                float passed = y ? LOAD(y[p * channels + c]) : value * a[c] + b[c];
                float gradient = passed <= 0 ? 0 : LOAD(g[p * channels + c]);
                sum[c] += gradient;
                product[c] += gradient * (value - m[c]);
            }
        for (int c = 0; c < channels; c++) {
            sums[c] += sum[c];
            products[c] += product[c];
        }
    }
}

INLINE void NAME(backward_of)(const TYPE *g, const TYPE *x, const TYPE *y, float scale, long pixels,
                              const int channels, const float *mean, const float *factor, const float *offset,
                              const float *from_sums, const float *from_products, TYPE *dx, TYPE *dshortcut) {
    float m[channels], a[channels], b[channels], s[channels], q[channels];
    for (int c = 0; c < channels; c++) {
        m[c] = mean[c];
        a[c] = factor[c];
        b[c] = offset[c];
        s[c] = from_sums[c];
        q[c] = from_products[c];
    }
    for (long p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            float value = LOAD(x[p * channels + c]);
            float passed = y ? LOAD(y[p * channels + c]) : value * a[c] + b[c];
            float gradient = passed <= 0 ? 0 : LOAD(g[p * channels + c]);
            dx[p * channels + c] = STORE(a[c] * (gradient - s[c] - (value - m[c]) * q[c]));
            if (dshortcut) dshortcut[p * channels + c] = STORE(scale * gradient);
        }
}

/* Gradients of x, weight, bias and, where y and dshortcut are given, of the shortcut. */
FOR_EACH_PROCESSOR
void NAME(backward)(const TYPE *g, const TYPE *x, const TYPE *y, float scale, long pixels, int channels,
                    const float *weight, const float *bias, const float *mean, const float *inverse_deviation,
                    TYPE *dx, TYPE *dshortcut, float *dweight, float *dbias) {
    float factor[MOST_CHANNELS], offset[MOST_CHANNELS], from_sums[MOST_CHANNELS], from_products[MOST_CHANNELS];
    double sums[MOST_CHANNELS], products[MOST_CHANNELS];
    for (int c = 0; c < channels; c++) {
        factor[c] = weight[c] * inverse_deviation[c];
        offset[c] = bias[c] - mean[c] * factor[c];
    }
#define RUN(C) (y ? NAME(gradient_sums)(g, x, y, pixels, C, mean, factor, offset, sums, products) \
                  : NAME(gradient_sums)(g, x, 0, pixels, C, mean, factor, offset, sums, products))
    switch (channels) {
    case 16: RUN(16); break;
    case 32: RUN(32); break;
    case 64: RUN(64); break;
    default: RUN(channels);
    }
#undef RUN
    for (int c = 0; c < channels; c++) {
        dweight[c] = (float)(products[c] * inverse_deviation[c]);
        dbias[c] = (float)sums[c];
        from_sums[c] = (float)(sums[c] / pixels);
        from_products[c] = (float)(products[c] * inverse_deviation[c] * inverse_deviation[c] / pixels);
    }
#define RUN(C)                                                                                                    \
    (y ? NAME(backward_of)(g, x, y, scale, pixels, C, mean, factor, offset, from_sums, from_products, dx, dshortcut) \
       : NAME(backward_of)(g, x, 0, scale, pixels, C, mean, factor, offset, from_sums, from_products, dx, 0))
    switch (channels) {
    case 16: RUN(16); break;
    case 32: RUN(32); break;
    case 64: RUN(64); break;
    default: RUN(channels);
    }
#undef RUN
}
