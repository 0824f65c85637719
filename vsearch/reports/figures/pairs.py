"""Every training of a confirmation: the accuracies of all curves, joined seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

from vsearch.reports.chart import COLOURS, DASHES, INK, Axis, Chart, Line, Mark, Panel, Points
from vsearch.reports.wording import counted, percent, points


class PairsRow(NamedTuple):
    """One curve with the accuracy of each of its trainings."""

    label: str
    role: str
    """`baseline`, `candidate`, `paper` or `control`."""
    accuracies: Mapping[int, float]
    """Number of the seed to accuracy; those that have finished."""


class PairsInfo(NamedTuple):
    """A planned study's curves, top down; the baseline comes first."""

    study: str
    rows: tuple[PairsRow, ...]
    judged_by: str = "test split"
    """What the accuracies are of."""


def pairs_chart(info: PairsInfo) -> Chart:
    """Accuracy from left to right, a row for each curve, a line down the rows for each seed."""
    rows = [row for row in info.rows if row.accuracies]
    axis = Axis("", low=len(rows) - 0.5, high=-0.6, ticks=tuple((float(at), row.label) for at, row in enumerate(rows)))
    panel = Panel(
        Axis(f"Accuracy on the {info.judged_by}", is_percent=True),
        axis,
        tuple(_marks(rows)),
        empty="" if rows else "No training has finished yet.",
    )
    return Chart("pairs", f"Seed by seed: {info.study}", (panel,), _alternative(info, rows), _note(rows))


def _marks(rows: Sequence[PairsRow]) -> list[Mark]:
    marks: list[Mark] = []
    for number, seed in enumerate(_seeds(rows)):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        marks += [Line(x, y, colour=colour, dash=dash, width=1.2, hover=f"seed {seed}") for x, y in _runs(rows, seed)]
        marks.append(_dots(rows, seed, colour))
    means = tuple(mean(row.accuracies.values()) for row in rows)
    hover = tuple(f"{row.label}: mean {percent(value)}" for row, value in zip(rows, means, strict=True))
    places = tuple(float(at) for at in range(len(rows)))
    return [*marks, Points(means, places, "mean of a curve's trainings", INK, "diamond", 11, hover)] if rows else []


def _seeds(rows: Sequence[PairsRow]) -> list[int]:
    return sorted({seed for row in rows for seed in row.accuracies})


def _runs(rows: Sequence[PairsRow], seed: int) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """The stretches of neighbouring rows that have the seed, of two rows at least."""
    runs: list[list[tuple[float, float]]] = [[]]
    for at, row in enumerate(rows):
        if seed in row.accuracies:
            runs[-1].append((row.accuracies[seed], float(at)))
        elif runs[-1]:
            runs.append([])
    return [(tuple(x for x, _ in run), tuple(y for _, y in run)) for run in runs if len(run) > 1]


def _dots(rows: Sequence[PairsRow], seed: int, colour: str) -> Points:
    having = [(at, row) for at, row in enumerate(rows) if seed in row.accuracies]
    baseline = next((row.accuracies.get(seed) for row in rows if row.role == "baseline"), None)
    return Points(
        tuple(row.accuracies[seed] for _, row in having),
        tuple(float(at) for at, _ in having),
        colour=colour,
        size=7,
        hover=tuple(_hover(row, seed, baseline) for _, row in having),
    )


def _hover(row: PairsRow, seed: int, baseline: float | None) -> str:
    accuracy = row.accuracies[seed]
    words = f"{row.label}, seed {seed}: {percent(accuracy)}"
    if baseline is None or row.role == "baseline":
        return words
    return f"{words}\n{points(100 * (accuracy - baseline))} points to the baseline with this seed"


def _alternative(info: PairsInfo, rows: Sequence[PairsRow]) -> str:
    if not rows:
        return "No training has finished yet."
    return f"Accuracy on the {info.judged_by} by curve: {'; '.join(map(_summary, rows))}."


def _summary(row: PairsRow) -> str:
    values = row.accuracies.values()
    reach = f"{percent(min(values))} to {percent(max(values))}"
    return f"{row.label} mean {percent(mean(values))}, {reach} over {counted(len(values), 'seed')}"


def _note(rows: Sequence[PairsRow]) -> str:
    if not rows:
        return ""
    alike = "A line joins trainings that began with the same weights and saw the images in the same order."
    lacking = sum(len(_seeds(rows)) - len(row.accuracies) for row in rows)
    missing = f"Missing, unfinished or diverged: {counted(lacking, 'training')}, so the means are of unlike seeds."
    return f"{alike} {missing}" if lacking else alike
