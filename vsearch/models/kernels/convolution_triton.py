"""3×3 convolutions of images that lie channels last, as products of small matrices; loaded only where triton is.

An image set `(N, C, H, W)` is a matrix of pixels and channels here. The three pixels under a row of the window lie one
after another in memory, so that a tile of pixels times `3 C` numbers is one piece of it; a fourth column of zeros makes
that a power of two, as triton wants its tiles.
"""

import triton
import triton.language as tl


@triton.jit
def _window_row(x, pixels, end, kernel_row, H: tl.constexpr, W: tl.constexpr, C: tl.constexpr):
    """`(pixels, 4 C)`: the pixels under one row of the window, zeros outside of the image and in the last quarter."""
    row = (pixels // W) % H + (kernel_row - 1)
    column = pixels % W
    inside = (pixels < end) & (row >= 0) & (row < H)
    entry = tl.arange(0, 4 * C)
    neighbour = column[:, None] + (entry // C)[None, :] - 1
    is_there = inside[:, None] & (neighbour >= 0) & (neighbour < W) & (entry < 3 * C)[None, :]
    start = (pixels + (kernel_row - 1) * W - 1) * C
    return tl.load(x + start[:, None] + entry[None, :], mask=is_there, other=0.0)


@triton.jit
def convolve(
    x,
    weight,
    y,
    pixel_count,
    H: tl.constexpr,
    W: tl.constexpr,
    FROM: tl.constexpr,
    TO: tl.constexpr,
    BACKWARD: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """`y (pixels, TO)` of `x (pixels, FROM)`; backward, the gradient of the images of that of their convolution.

    `weight` is `(out, 3, 3, in)` float32 and rounded to the format of `x`; `BACKWARD`, `FROM` is out and `TO` in.
    """
    pixels = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    entry = tl.arange(0, 4 * FROM)
    to = tl.arange(0, TO)
    total = tl.zeros((BLOCK, TO), tl.float32)
    for kernel_row in tl.static_range(3):
        tile = _window_row(x, pixels, pixel_count, kernel_row, H, W, FROM)
        if BACKWARD:
            tap = 8 - (3 * kernel_row + entry // FROM)
            place = ((entry % FROM) * 9 + tap)[:, None] * TO + to[None, :]
        else:
            place = (to * 9 + 3 * kernel_row)[None, :] * FROM + entry[:, None]
        used = tl.load(weight + place, mask=(entry < 3 * FROM)[:, None], other=0.0)
        total = tl.dot(tile, used.to(tile.dtype), total)
    place = pixels[:, None] * TO + to[None, :]
    tl.store(y + place, total.to(y.dtype.element_ty), mask=(pixels < pixel_count)[:, None])


@triton.jit
def weight_gradient(
    x,
    gradient,
    parts,
    pixel_count,
    H: tl.constexpr,
    W: tl.constexpr,
    IN: tl.constexpr,
    OUT: tl.constexpr,
    PER_PART: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """`parts (parts, out, 3, 3, in)` float32: what `PER_PART` pixels each add to the gradient of the weights.

    One program for each part and each row of the window.
    """
    part, kernel_row = tl.program_id(0), tl.program_id(1)
    begin = part * PER_PART
    end = tl.minimum(begin + PER_PART, pixel_count)
    out = tl.arange(0, OUT)
    entry = tl.arange(0, 4 * IN)
    total = tl.zeros((OUT, 4 * IN), tl.float32)
    for done in range(0, PER_PART, BLOCK):
        pixels = begin + done + tl.arange(0, BLOCK)
        given = tl.load(gradient + pixels[:, None] * OUT + out[None, :], mask=(pixels < end)[:, None], other=0.0)
        tile = _window_row(x, pixels, end, kernel_row, H, W, IN)
        total = tl.dot(tl.trans(given), tile, total)
    place = ((part * OUT + out) * 9 + 3 * kernel_row)[:, None] * IN + entry[None, :]
    tl.store(parts + place, total, mask=(entry < 3 * IN)[None, :])
