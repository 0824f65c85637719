/* The functions for one number format: TYPE, NAME, LOAD and STORE are defined by who includes this.
 *
 * They see `width` numbers in a row: one pixel, or some pixels side by side where these have few channels, so that sums
 * do not wait for each other. What is the same for each channel is repeated along the row.
 */

/* Sums of x - first and of its square. About the first pixel, so that a large mean costs no digits. */
INLINE void NAME(sums_of)(const TYPE *x, long rows, const int width, const float *first, double *sums, double *squares) {
    float f[width];
    for (int c = 0; c < width; c++) {
        f[c] = first[c];
        sums[c] = squares[c] = 0;
    }
    for (long start = 0; start < rows; start += BLOCK) {
        long end = start + BLOCK < rows ? start + BLOCK : rows;
        float sum[width], square[width];
        for (int c = 0; c < width; c++) sum[c] = square[c] = 0;
        for (long r = start; r < end; r++)
            for (int c = 0; c < width; c++) {
                float d = LOAD(x[r * width + c]) - f[c];
                sum[c] += d;
                square[c] += d * d;
            }
        for (int c = 0; c < width; c++) {
            sums[c] += sum[c];
            squares[c] += square[c];
        }
    }
}

INLINE void NAME(forward_of)(const TYPE *x, const TYPE *shortcut, float scale, long rows, const int width,
                             const float *factor, const float *offset, TYPE *y) {
    float a[width], b[width];
    for (int c = 0; c < width; c++) {
        a[c] = factor[c];
        b[c] = offset[c];
    }
    for (long r = 0; r < rows; r++)
        for (int c = 0; c < width; c++) {
            float v = LOAD(x[r * width + c]) * a[c] + b[c];
            if (shortcut) v += scale * LOAD(shortcut[r * width + c]);
            y[r * width + c] = STORE(v < 0 ? 0 : v); /* NaN stays */
        }
}

/* y = relu(norm(x) + scale * shortcut), the last only where it is given; updates the running statistics. */
FOR_EACH_PROCESSOR
void NAME(forward)(const TYPE *x, const TYPE *shortcut, float scale, long pixels, int channels, const float *weight,
                   const float *bias, float *running_mean, float *running_variance, float momentum, float epsilon,
                   TYPE *y, float *mean, float *inverse_deviation) {
    float first[MOST_CHANNELS], factor[MOST_CHANNELS], offset[MOST_CHANNELS];
    double sums[MOST_CHANNELS], squares[MOST_CHANNELS];
    int width = width_of(pixels, channels);
    long rows = pixels * channels / width;
    for (int c = 0; c < width; c++) first[c] = LOAD(x[c % channels]);
    switch (width) {
    case 64: NAME(sums_of)(x, rows, 64, first, sums, squares); break;
    case 32: NAME(sums_of)(x, rows, 32, first, sums, squares); break;
    case 16: NAME(sums_of)(x, rows, 16, first, sums, squares); break;
    default: NAME(sums_of)(x, rows, width, first, sums, squares);
    }
    add_up(sums, width, channels);
    add_up(squares, width, channels);
    for (int c = 0; c < channels; c++) {
        double shift = sums[c] / pixels, spread = squares[c] / pixels - shift * shift;
        float variance = (float)(spread < 0 ? 0 : spread);
        mean[c] = (float)(first[c] + shift);
        inverse_deviation[c] = (float)(1.0 / sqrt((double)variance + epsilon));
        factor[c] = weight[c] * inverse_deviation[c];
        offset[c] = bias[c] - mean[c] * factor[c];
        float unbiased = pixels > 1 ? variance * ((float)pixels / (float)(pixels - 1)) : variance;
        running_mean[c] += momentum * (mean[c] - running_mean[c]);
        running_variance[c] += momentum * (unbiased - running_variance[c]);
    }
    repeat(factor, width, channels);
    repeat(offset, width, channels);
#define RUN(W) (shortcut ? NAME(forward_of)(x, shortcut, scale, rows, W, factor, offset, y) \
                         : NAME(forward_of)(x, 0, scale, rows, W, factor, offset, y))
    switch (width) {
    case 64: RUN(64); break;
    case 32: RUN(32); break;
    case 16: RUN(16); break;
    default: RUN(width);
    }
#undef RUN
}

/* The gradient of who read y, and of a second reader. */
INLINE float NAME(gradient_at)(const TYPE *g, const TYPE *second, long index) {
    return second ? LOAD(g[index]) + LOAD(second[index]) : LOAD(g[index]);
}

/* Sums of the gradient that passes the relu, and of it times x - mean. The relu passes where y, or norm(x), is > 0.
 * Here and below gradients are read whether they pass or not: with conditional reads this took twice as long. */
INLINE void NAME(gradient_sums)(const TYPE *g, const TYPE *second, const TYPE *x, const TYPE *y, long rows,
                                const int width, const float *mean, const float *factor, const float *offset,
                                double *sums, double *products) {
    float m[width], a[width], b[width];
    for (int c = 0; c < width; c++) {
        m[c] = mean[c];
        a[c] = factor[c];
        b[c] = offset[c];
        sums[c] = products[c] = 0;
    }
    for (long start = 0; start < rows; start += BLOCK) {
        long end = start + BLOCK < rows ? start + BLOCK : rows;
        float sum[width], product[width];
        for (int c = 0; c < width; c++) sum[c] = product[c] = 0;
        for (long r = start; r < end; r++)
            for (int c = 0; c < width; c++) {
                float value = LOAD(x[r * width + c]);
                float passed = y ? LOAD(y[r * width + c]) : value * a[c] + b[c];
                float given = NAME(gradient_at)(g, second, r * width + c);
                float gradient = passed <= 0 ? 0 : given;
                sum[c] += gradient;
                product[c] += gradient * (value - m[c]);
            }
        for (int c = 0; c < width; c++) {
            sums[c] += sum[c];
            products[c] += product[c];
        }
    }
}

INLINE void NAME(backward_of)(const TYPE *g, const TYPE *second, const TYPE *x, const TYPE *y, float scale,
                              long rows, const int width, const float *mean, const float *factor, const float *offset,
                              const float *from_sums, const float *from_products, TYPE *dx, TYPE *dshortcut) {
    float m[width], a[width], b[width], s[width], q[width];
    for (int c = 0; c < width; c++) {
        m[c] = mean[c];
        a[c] = factor[c];
        b[c] = offset[c];
        s[c] = from_sums[c];
        q[c] = from_products[c];
    }
    for (long r = 0; r < rows; r++)
        for (int c = 0; c < width; c++) {
            float value = LOAD(x[r * width + c]);
            float passed = y ? LOAD(y[r * width + c]) : value * a[c] + b[c];
            float given = NAME(gradient_at)(g, second, r * width + c);
            float gradient = passed <= 0 ? 0 : given;
            dx[r * width + c] = STORE(a[c] * (gradient - s[c] - (value - m[c]) * q[c]));
            if (dshortcut) dshortcut[r * width + c] = STORE(scale * gradient);
        }
}

/* Gradients of x, weight, bias and, where y and dshortcut are given, of the shortcut; from that of y's reader, `g`, and
 * where it is given that of a second one. */
FOR_EACH_PROCESSOR
void NAME(backward)(const TYPE *g, const TYPE *second, const TYPE *x, const TYPE *y, float scale, long pixels,
                    int channels, const float *weight, const float *bias, const float *mean, const float *inverse_deviation,
                    TYPE *dx, TYPE *dshortcut, float *dweight, float *dbias) {
    float factor[MOST_CHANNELS], offset[MOST_CHANNELS], means[MOST_CHANNELS];
    float from_sums[MOST_CHANNELS], from_products[MOST_CHANNELS];
    double sums[MOST_CHANNELS], products[MOST_CHANNELS];
    int width = width_of(pixels, channels);
    long rows = pixels * channels / width;
    for (int c = 0; c < channels; c++) {
        means[c] = mean[c];
        factor[c] = weight[c] * inverse_deviation[c];
        offset[c] = bias[c] - mean[c] * factor[c];
    }
    repeat(means, width, channels);
    repeat(factor, width, channels);
    repeat(offset, width, channels);
#define SUM(W, S, Y) NAME(gradient_sums)(g, S, x, Y, rows, W, means, factor, offset, sums, products)
#define RUN(W) \
    (y ? (second ? SUM(W, second, y) : SUM(W, 0, y)) : (second ? SUM(W, second, 0) : SUM(W, 0, 0)))
    switch (width) {
    case 64: RUN(64); break;
    case 32: RUN(32); break;
    case 16: RUN(16); break;
    default: RUN(width);
    }
#undef SUM
#undef RUN
    add_up(sums, width, channels);
    add_up(products, width, channels);
    for (int c = 0; c < channels; c++) {
        dweight[c] = (float)(products[c] * inverse_deviation[c]);
        dbias[c] = (float)sums[c];
        from_sums[c] = (float)(sums[c] / pixels);
        from_products[c] = (float)(products[c] * inverse_deviation[c] * inverse_deviation[c] / pixels);
    }
    repeat(from_sums, width, channels);
    repeat(from_products, width, channels);
#define APPLY(W, S, Y, D) \
    NAME(backward_of)(g, S, x, Y, scale, rows, W, means, factor, offset, from_sums, from_products, dx, D)
#define RUN(W)                                                                        \
    (y ? (second ? APPLY(W, second, y, dshortcut) : APPLY(W, 0, y, dshortcut)) \
       : (second ? APPLY(W, second, 0, 0) : APPLY(W, 0, 0, 0)))
    switch (width) {
    case 64: RUN(64); break;
    case 32: RUN(32); break;
    case 16: RUN(16); break;
    default: RUN(width);
    }
#undef APPLY
#undef RUN
}
