"""What came out, as Markdown."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev
from typing import Any

from baseline_parts.agreement import Pair

# Table 6 of He et al. 2015, in percent; one training each.
PUBLISHED = {20: 8.75, 32: 7.51, 44: 7.17, 56: 6.97}


def baseline_table(lines: Iterable[dict[str, Any]]) -> list[str]:
    """Test errors of each depth and device beside the published one.

    The published number is one training, so it and the mean of n differ by chance by up to `t · sd · sqrt(1 + 1/n)`
    in 95 of 100 cases.
    """
    groups: dict[tuple[int, int, str], list[float]] = {}
    for line in lines:
        key = line["depth"], line["epochs"], f"{line['device']}, {line['precision']}, torch {line['torch']}"
        groups.setdefault(key, []).append(100 * line["test_error"])
    rows = [
        "| depth | epochs | where | seeds | test error, % (mean ± sd) | He et al., % | difference | by chance up to |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (depth, epochs, where), errors in sorted(groups.items()):
        published = PUBLISHED.get(depth, math.nan)
        mean, spread, chance = fmean(errors), math.nan, math.nan
        if len(errors) > 1:
            spread = stdev(errors)
            chance = _t(len(errors)) * spread * math.sqrt(1 + 1 / len(errors))
        cells = f"{mean:.2f} ± {spread:.2f} | {published:.2f} | {mean - published:+.2f} | {chance:.2f}"
        rows.append(f"| {depth} | {epochs} | {where} | {len(errors)} | {cells} |")
    return rows


def agreement_table(pairs: Sequence[Pair]) -> list[str]:
    """Accuracies in percent, and the mean difference in points with its 95 % interval, Student's t."""
    rows = ["| seed | vsearch, % | plain loop, % | difference, points |", "| --- | --- | --- | --- |"]
    differences = [100 * (pair.fast - pair.plain) for pair in pairs]
    for pair, difference in zip(pairs, differences, strict=True):
        rows.append(f"| {pair.seed} | {100 * pair.fast:.2f} | {100 * pair.plain:.2f} | {difference:+.2f} |")
    mean, half = fmean(differences), half_width(differences)
    return [*rows, "", f"Mean difference {mean:+.2f} points, 95 % interval {mean - half:+.2f} to {mean + half:+.2f}."]


def half_width(values: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean of `values`, by Student's t; NaN for fewer than two."""
    if len(values) < 2:
        return math.nan
    return _t(len(values)) * stdev(values) / math.sqrt(len(values))


def _t(count: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, count - 1))
