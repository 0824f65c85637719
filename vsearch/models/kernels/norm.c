/* Batch norm in training together with what stands behind it in a residual block, in fewer passes over memory.
 *
 * Called through ctypes by vsearch/models/compiled_norms.py, which checks shapes and formats. Tensors are (pixels,
 * channels), channels fastest: what torch calls channels_last. Sums are taken in float32 over BLOCK rows and added up in
 * double, in one order: results depend on nothing but the numbers. One thread.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Compiled for each kind of processor at once, and chosen where it runs. Elsewhere torch's operations are faster: with
 * the instructions of all x86 processors alone, or AVX-512 without BW, bf16 took ten times as long. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define VERSION 3
#else
#define FOR_EACH_PROCESSOR
#define VERSION 0
#endif
#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = 256, MOST_CHANNELS = 1024 };

typedef uint16_t bf16;

INLINE float load_bf16(bf16 value) {
    uint32_t bits = (uint32_t)value << 16;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* To the nearest, ties to even, as torch rounds; NaN stays NaN. */
INLINE bf16 store_bf16(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return (bf16)(number != number ? 0x7fc0u : rounded);
}

INLINE float load_float(float value) { return value; }
INLINE float store_float(float value) { return value; }

/* How many numbers are taken at once: channels, or those of some pixels up to 64. */
static int width_of(long pixels, int channels) {
    int width = channels;
    while (2 * width <= 64 && pixels % 2 == 0) {
        width *= 2;
        pixels /= 2;
    }
    return width;
}

/* Add up what belongs to the same channel, in one order. */
static void add_up(double *sums, int width, int channels) {
    for (int c = channels; c < width; c++) sums[c % channels] += sums[c];
}

static void repeat(float *values, int width, int channels) {
    for (int c = channels; c < width; c++) values[c] = values[c - channels];
}

#define TYPE bf16
#define NAME(name) vsearch_##name##_bf16
#define LOAD load_bf16
#define STORE store_bf16
#include "norm_body.h"
#undef TYPE
#undef NAME
#undef LOAD
#undef STORE
#define TYPE float
#define NAME(name) vsearch_##name##_float
#define LOAD load_float
#define STORE store_float
#include "norm_body.h"

/* Grows with each change that may change a bit of a result; 0 where these functions are not worth calling. */
int vsearch_norms_version(void) { return VERSION; }
