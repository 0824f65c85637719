"""What was measured, as a table and the lines under it."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine_parts.processes import Sample
from engine_parts.roofline import Ceilings, Work, training_work
from engine_parts.side_by_side import RECIPE
from engine_parts.variants import AUTO, EAGER, PLAIN, Variant

EPOCH_IMAGES = 50_000
HEADS = (
    "depth",
    "loop",
    "n",
    "images/s (min / median / max)",
    "times the plain loop of the same round",
    "epochs/hour",
    "memory, MiB",
    "J per 1,000 images",
    "% of the roofline",
)

Samples = Mapping[int, Sample]
"""By round."""
GetWork = Callable[[int, str, int], Work]


class Case(NamedTuple):
    """A variant with a network's depth."""

    depth: int
    variant: Variant


def table(found: Mapping[Case, Samples], ceilings: Ceilings, get_work: GetWork = training_work) -> list[str]:
    """The rows, headings first; a case that was never measured has none."""
    lines = [_row(HEADS), _row(["---"] * len(HEADS))]
    for case, samples in found.items():
        if samples:
            plain = _samples_of(found, case.depth, PLAIN)
            work = get_work(case.depth, case.variant.number_format, RECIPE.batch_size)
            roofline = min(ceilings.images_per_second(work, case.variant.number_format))
            lines.append(_row([str(case.depth), case.variant.name, *_cells(samples, plain, roofline)]))
    return lines


def _cells(samples: Samples, plain: Samples, roofline: float) -> list[str]:
    speeds = [sample.images_per_second for sample in samples.values()]
    median = statistics.median(speeds)
    joules = [1000 * sample.watts / sample.images_per_second for sample in samples.values() if sample.watts is not None]
    return [
        str(len(samples)),
        spread(speeds, 0),
        spread(ratios(samples, plain), 2),
        f"{median * 3600 / EPOCH_IMAGES:.1f}",
        f"{max(sample.memory_mib for sample in samples.values()):.0f}",
        f"{statistics.median(joules):.1f}" if joules else "-",
        f"{100 * median / roofline:.0f}",
    ]


def ratios(samples: Samples, base: Samples) -> list[float]:
    """Speeds over those of another loop, of the rounds that have both."""
    return [samples[number].images_per_second / base[number].images_per_second for number in samples if number in base]


def spread(values: Sequence[float], digits: int) -> str:
    """`min / median / max`, a dash for no values."""
    if not values:
        return "-"
    return " / ".join(f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))


def remarks(found: Mapping[Case, Samples], ceilings: Ceilings, get_work: GetWork = training_work) -> list[str]:
    """What auto slots found and gained, and where the rooflines come from."""
    lines = []
    for depth in dict.fromkeys(case.depth for case in found):
        auto, eager = _samples_of(found, depth, AUTO), _samples_of(found, depth, EAGER)
        layouts = [f"{s.layout.slots} × {s.layout.threads}" for s in auto.values() if s.layout is not None]
        if layouts:
            lines.append(f"- ResNet-{depth}: auto slots found, in each round, slots × threads: {', '.join(layouts)}.")
        if gains := ratios(auto, eager):
            lines.append(f"- ResNet-{depth}: auto slots are {spread(gains, 2)} times the {EAGER}, of the same round.")
        for number_format in dict.fromkeys(case.variant.number_format for case in found):
            work = get_work(depth, number_format, RECIPE.batch_size)
            lines.append(_roofline(depth, number_format, work, ceilings))
    return lines


def _roofline(depth: int, number_format: str, work: Work, ceilings: Ceilings) -> str:
    arithmetic, traffic = ceilings.images_per_second(work, number_format)
    return (
        f"- Roofline of ResNet-{depth} in {number_format}, per training image: {work.operations / 1e6:.0f} MFLOP at "
        f"{ceilings.operations[number_format] / 1e12:.3g} TFLOP/s is {arithmetic:,.0f} images/s, "
        f"{work.bytes / 1e6:.1f} MB at {ceilings.bytes / 1e9:.0f} GB/s {traffic:,.0f}."
    )


def _samples_of(found: Mapping[Case, Samples], depth: int, name: str) -> Samples:
    """Of the variant whose name begins so."""
    for case, samples in found.items():
        if case.depth == depth and case.variant.name.startswith(name):
            return samples
    return {}


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
