"""Triton kernels of batch norm in training with ReLU and the scaled shortcut; `vsearch.models.fused_norms` runs them.

Images are `rows` pixels of `C` channels each, one pixel after the other. Sums over all pixels are made in two steps, by
`parts` programs, which take `STEPS` tiles of `ROWS` pixels in turn and write what they found, and by a few that add
that up in a fixed order: the same numbers give the same bits. All is computed in float32 and rounded once, when it is
written.
"""

import triton
import triton.language as tl


@triton.jit
def _normalised(value, mean, slope, bias):
    return (value - mean) * slope + bias


@triton.jit
def _gradient(first, second, y, at, there, normalised, TWO: tl.constexpr, ADD: tl.constexpr):
    """The gradient before ReLU; that of a result which is no number goes on."""
    gradient = tl.load(first + at, mask=there, other=0.0).to(tl.float32)
    if TWO:
        gradient += tl.load(second + at, mask=there, other=0.0).to(tl.float32)
    result = normalised
    if ADD:
        result = tl.load(y + at, mask=there, other=0.0).to(tl.float32)
    return tl.where(result <= 0.0, 0.0, gradient)


@triton.jit
def sum_up_images(x, counts, means, squares, rows, parts, STEPS: tl.constexpr, C: tl.constexpr, ROWS: tl.constexpr):
    """Number of pixels, means, and sums of squared distances from the means of one part (Welford, then Chan)."""
    part = tl.program_id(0)
    channel = tl.arange(0, C)
    count = tl.zeros((ROWS, 1), dtype=tl.float32)
    mean = tl.zeros((ROWS, C), dtype=tl.float32)
    square = tl.zeros((ROWS, C), dtype=tl.float32)
    for step in range(STEPS):
        row = (part + step * parts) * ROWS + tl.arange(0, ROWS)[:, None]
        there = row < rows
        value = tl.load(x + row * C + channel[None, :], mask=there, other=0.0).to(tl.float32)
        count += tl.where(there, 1.0, 0.0)
        distance = tl.where(there, value - mean, 0.0)
        mean += distance / tl.maximum(count, 1.0)
        square += distance * (value - mean)
    number = tl.sum(count)
    whole = tl.sum(count * mean, axis=0) / number
    distance = mean - whole[None, :]
    tl.store(counts + part, number)
    tl.store(means + part * C + channel, whole)
    tl.store(squares + part * C + channel, tl.sum(square + count * distance * distance, axis=0))


@triton.jit
def finish_statistics(
    counts,
    means,
    squares,
    mean,
    inverse_deviation,
    running_mean,
    running_var,
    parts,
    share,
    unbiased_share,
    eps,
    momentum,
    C: tl.constexpr,
    PARTS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Mean and inverse deviation of some channels over all parts, and the running statistics moved towards them.

    `share` is 1 / rows, and `unbiased_share` 1 / (rows - 1).
    """
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    part = tl.arange(0, PARTS)[:, None]
    there = part < parts
    at = part * C + channel[None, :]
    count = tl.load(counts + part, mask=there, other=0.0)
    part_mean = tl.load(means + at, mask=there, other=0.0)
    square = tl.load(squares + at, mask=there, other=0.0)
    whole = tl.sum(part_mean * (count * share), axis=0)
    distance = tl.where(there, part_mean - whole[None, :], 0.0)
    total = tl.sum(square + count * distance * distance, axis=0)
    tl.store(mean + channel, whole)
    tl.store(inverse_deviation + channel, 1.0 / tl.sqrt(total * share + eps))
    kept = 1.0 - momentum
    moved_mean = kept * tl.load(running_mean + channel) + momentum * whole
    moved_var = kept * tl.load(running_var + channel) + momentum * (total * unbiased_share)
    tl.store(running_mean + channel, moved_mean)
    tl.store(running_var + channel, moved_var)


@triton.jit
def write_images(
    x,
    shortcut,
    scale,
    y,
    weight,
    bias,
    mean,
    inverse_deviation,
    rows,
    eps,
    ADD: tl.constexpr,
    GIVEN_VARIANCE: tl.constexpr,
    C: tl.constexpr,
    ROWS: tl.constexpr,
):
    """ReLU of the normalised images, plus the scaled shortcut if there is one; what is no number stays none.

    With `GIVEN_VARIANCE`, `inverse_deviation` is the variance, to which `eps` is added. `y` may be `x`.
    """
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    channel = tl.arange(0, C)[None, :]
    at = row * C + channel
    there = row < rows
    value = tl.load(x + at, mask=there, other=0.0).to(tl.float32)
    inverse = tl.load(inverse_deviation + channel)
    if GIVEN_VARIANCE:
        inverse = 1.0 / tl.sqrt(inverse + eps)
    slope = tl.load(weight + channel) * inverse
    result = _normalised(value, tl.load(mean + channel), slope, tl.load(bias + channel))
    if ADD:
        result += tl.load(scale) * tl.load(shortcut + at, mask=there, other=0.0).to(tl.float32)
    result = tl.where(result <= 0.0, 0.0, result)
    tl.store(y + at, result.to(y.dtype.element_ty), mask=there)


@triton.jit
def sum_up_gradients(
    first,
    second,
    x,
    y,
    weight,
    bias,
    mean,
    inverse_deviation,
    sums,
    products,
    rows,
    parts,
    STEPS: tl.constexpr,
    TWO: tl.constexpr,
    ADD: tl.constexpr,
    C: tl.constexpr,
    ROWS: tl.constexpr,
):
    """Of one part, the sums of the gradients and of their products with the images' distances from the mean."""
    part = tl.program_id(0)
    channel = tl.arange(0, C)
    centre = tl.load(mean + channel)[None, :]
    slope = (tl.load(weight + channel) * tl.load(inverse_deviation + channel))[None, :]
    shift = tl.load(bias + channel)[None, :]
    plain = tl.zeros((ROWS, C), dtype=tl.float32)
    product = tl.zeros((ROWS, C), dtype=tl.float32)
    for step in range(STEPS):
        row = (part + step * parts) * ROWS + tl.arange(0, ROWS)[:, None]
        there = row < rows
        at = row * C + channel[None, :]
        value = tl.load(x + at, mask=there, other=0.0).to(tl.float32)
        normalised = _normalised(value, centre, slope, shift)
        gradient = _gradient(first, second, y, at, there, normalised, TWO, ADD)
        plain += gradient
        product += gradient * (value - centre)
    tl.store(sums + part * C + channel, tl.sum(plain, axis=0))
    tl.store(products + part * C + channel, tl.sum(product, axis=0))


@triton.jit
def finish_gradients(
    sums,
    products,
    inverse_deviation,
    to_weight,
    to_bias,
    parts,
    C: tl.constexpr,
    PARTS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """The gradients of weight and bias of some channels, over all parts."""
    channel = tl.program_id(0) * CHANNELS + tl.arange(0, CHANNELS)
    part = tl.arange(0, PARTS)[:, None]
    there = part < parts
    at = part * C + channel[None, :]
    plain = tl.sum(tl.load(sums + at, mask=there, other=0.0), axis=0)
    product = tl.sum(tl.load(products + at, mask=there, other=0.0), axis=0)
    tl.store(to_bias + channel, plain)
    tl.store(to_weight + channel, product * tl.load(inverse_deviation + channel))


@triton.jit
def write_gradients(
    first,
    second,
    x,
    y,
    scale,
    weight,
    bias,
    mean,
    inverse_deviation,
    to_weight,
    to_bias,
    to_x,
    to_shortcut,
    rows,
    share,
    TWO: tl.constexpr,
    ADD: tl.constexpr,
    TO_SHORTCUT: tl.constexpr,
    C: tl.constexpr,
    ROWS: tl.constexpr,
):
    """The gradients of the images and, where it is wanted, of the shortcut."""
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    channel = tl.arange(0, C)[None, :]
    at = row * C + channel
    there = row < rows
    centre = tl.load(mean + channel)
    inverse = tl.load(inverse_deviation + channel)
    slope = tl.load(weight + channel) * inverse
    value = tl.load(x + at, mask=there, other=0.0).to(tl.float32)
    normalised = _normalised(value, centre, slope, tl.load(bias + channel))
    gradient = _gradient(first, second, y, at, there, normalised, TWO, ADD)
    along = inverse * (tl.load(to_weight + channel) * share)
    to_value = slope * (gradient - tl.load(to_bias + channel) * share - (value - centre) * along)
    tl.store(to_x + at, to_value.to(to_x.dtype.element_ty), mask=there)
    if TO_SHORTCUT:
        tl.store(to_shortcut + at, (tl.load(scale) * gradient).to(to_shortcut.dtype.element_ty), mask=there)


INTERPRETED = not isinstance(write_images, triton.JITFunction)
"""Whether Triton's interpreter runs the kernels, on any device (TRITON_INTERPRET=1 when this was imported)."""
