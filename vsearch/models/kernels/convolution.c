/* The gradient of the weights of a 3x3 convolution (stride 1, padding 1) of bf16 images, in float32.
 *
 * Called through ctypes by vsearch/models/compiled_convolutions.py, which checks shapes and formats. Images are
 * (count, height, width, channels), channels fastest: what torch calls channels_last. One thread.
 *
 * The processor's dot products take pairs of bf16 numbers, and these sums run over pixels: so pixels are first laid
 * side by side in pairs, for some images at a time, which stay in the cache. Sums start anew with these images: results
 * depend on nothing but the numbers, and come closer to double precision than one long sum would.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
#include <immintrin.h>
#define VERSION 1
#define FAST __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx512bf16")))

/* Channels are taken LANES at a time, of the input HALF of these: 3 x HALF sums are what the registers hold. */
enum { LANES = 16, HALF = 8, KERNEL = 3, PAIR = 2 * LANES, LINE = 64 };

/* Pairs of pixels that are laid out at a time, at least: 64 channels of them take 100 KiB. */
enum { PAIRS_AT_ONCE = 128 };

typedef uint16_t bf16;

typedef struct {
    long images, height, pairs; /* of pixels in a row */
    int inputs, outputs;        /* blocks of LANES channels */
} shape;

/* The pixels (0, 1), (2, 3), ... of all rows, LANES channels after the other; the numbers of a channel side by side. */
FAST static void lay_in_pairs(const bf16 *images, shape s, int blocks, bf16 *to) {
    long channels = (long)blocks * LANES;
    uint16_t places[PAIR];
    for (int c = 0; c < LANES; c++) {
        places[2 * c] = (uint16_t)c;
        places[2 * c + 1] = (uint16_t)(LANES + c);
    }
    __m512i order = _mm512_loadu_si512(places);
    for (int block = 0; block < blocks; block++) {
        const bf16 *pixels = images + block * LANES;
        for (long pair = 0; pair < s.images * s.height * s.pairs; pair++, pixels += 2 * channels, to += PAIR) {
            __m512i first = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)pixels));
            __m512i both = _mm512_inserti64x4(first, _mm256_loadu_si256((const __m256i *)(pixels + channels)), 1);
            _mm512_storeu_si512(to, _mm512_permutexvar_epi16(order, both));
        }
    }
}

/* Adds to one row of the kernel what HALF input and LANES output channels give, to `totals` (KERNEL, LANES, LANES). */
FAST static void add_products(const bf16 *x, const bf16 *dy, shape s, int kernel_row, float *totals) {
    __m512 sums[KERNEL][HALF];
#pragma GCC unroll 3
    for (int k = 0; k < KERNEL; k++)
#pragma GCC unroll 8
        for (int c = 0; c < HALF; c++) sums[k][c] = _mm512_setzero_ps();
    for (long image = 0; image < s.images; image++)
        for (long row = kernel_row == 0; row < s.height - (kernel_row == 2); row++) {
            const bf16 *in = x + (image * s.height + row + kernel_row - 1) * s.pairs * PAIR;
            const bf16 *out = dy + (image * s.height + row) * s.pairs * PAIR;
            __m512i before = _mm512_setzero_si512(), here = _mm512_loadu_si512(out);
            for (long p = 0; p < s.pairs; p++) {
                __m512i after = p + 1 < s.pairs ? _mm512_loadu_si512(out + (p + 1) * PAIR) : _mm512_setzero_si512();
                /* The second pixel of one pair and the first of the next. */
                __m512bh left = (__m512bh)_mm512_shldi_epi32(here, before, 16), middle = (__m512bh)here;
                __m512bh right = (__m512bh)_mm512_shldi_epi32(after, here, 16);
#pragma GCC unroll 8
                for (int c = 0; c < HALF; c++) {
                    int32_t pair;
                    memcpy(&pair, in + p * PAIR + 2 * c, sizeof pair);
                    __m512bh input = (__m512bh)_mm512_set1_epi32(pair);
                    sums[0][c] = _mm512_dpbf16_ps(sums[0][c], right, input);
                    sums[1][c] = _mm512_dpbf16_ps(sums[1][c], middle, input);
                    sums[2][c] = _mm512_dpbf16_ps(sums[2][c], left, input);
                }
                before = here;
                here = after;
            }
        }
#pragma GCC unroll 3
    for (int k = 0; k < KERNEL; k++)
#pragma GCC unroll 8
        for (int c = 0; c < HALF; c++) {
            float *total = totals + (k * LANES + c) * LANES;
            _mm512_storeu_ps(total, _mm512_add_ps(_mm512_loadu_ps(total), sums[k][c]));
        }
}

/* All channels and rows of the kernel for some images.
 * `totals` is (output block, row, input block, column, input LANES, output LANES). */
FAST static void add_images(const bf16 *x, const bf16 *dy, shape s, float *totals) {
    long rows = s.images * s.height;
    for (int o = 0; o < s.outputs; o++)
        for (int kernel_row = 0; kernel_row < KERNEL; kernel_row++)
            for (int i = 0; i < s.inputs; i++, totals += KERNEL * LANES * LANES)
                for (int half = 0; half < LANES; half += HALF)
                    add_products(x + i * rows * s.pairs * PAIR + 2 * half, dy + o * rows * s.pairs * PAIR, s,
                                 kernel_row, totals + half * LANES);
}

/* To the order of torch's channels_last: (outputs, KERNEL, KERNEL, inputs). */
static void put_in_order(const float *totals, shape s, float *gradient) {
    long inputs = (long)s.inputs * LANES;
    for (int o = 0; o < s.outputs; o++)
        for (int row = 0; row < KERNEL; row++)
            for (int i = 0; i < s.inputs; i++)
                for (int column = 0; column < KERNEL; column++)
                    for (int input = i * LANES; input < (i + 1) * LANES; input++)
                        for (int output = o * LANES; output < (o + 1) * LANES; output++)
                            gradient[((output * KERNEL + row) * KERNEL + column) * inputs + input] = *totals++;
}

/* `x` and `dy` have `height` rows of an even `width`, their channels are multiples of 16; 0 where memory is short. */
int vsearch_weight_gradient(const uint16_t *x, const uint16_t *dy, long images, long height, long width, int inputs,
                            int outputs, float *gradient) {
    shape s = {1 + (PAIRS_AT_ONCE - 1) / (height * width / 2), height, width / 2, inputs / LANES, outputs / LANES};
    size_t size = (size_t)s.images * height * s.pairs * PAIR;
    size_t weights = (size_t)KERNEL * KERNEL * inputs * outputs;
    /* At the border of a cache line, or each load would take two. */
    float *totals = aligned_alloc(LINE, weights * sizeof(float) + size * (s.inputs + s.outputs) * sizeof(bf16));
    if (!totals) return 0;
    memset(totals, 0, weights * sizeof(float));
    bf16 *x_pairs = (bf16 *)(totals + weights), *dy_pairs = x_pairs + size * s.inputs;
    for (long done = 0; done < images; done += s.images) {
        if (s.images > images - done) s.images = images - done;
        lay_in_pairs(x + done * height * width * inputs, s, s.inputs, x_pairs);
        lay_in_pairs(dy + done * height * width * outputs, s, s.outputs, dy_pairs);
        add_images(x_pairs, dy_pairs, s, totals);
    }
    put_in_order(totals, s, gradient);
    free(totals);
    return 1;
}

/* Grows with each change that may change a bit of a result; 0 where this processor cannot run it. */
int vsearch_convolutions_version(void) {
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vbmi2") ? VERSION : 0;
}
#else
int vsearch_convolutions_version(void) { return 0; }
#endif
