"""The stages of a network, marked in any figure whose horizontal axis counts residual blocks from 1."""

from __future__ import annotations

from vsearch.reports.chart import BORDER, Label, Mark, Rule


def stage_marks(num_blocks: int) -> tuple[Mark, ...]:
    """A rule at each of the two stage borders and the name of each stage above it; nothing below three blocks.

    A border lies half-way between the last block of a stage and the first of the next.

    >>> [mark.at for mark in stage_marks(15) if isinstance(mark, Rule)]
    [5.5, 10.5]
    """
    if num_blocks < 3:
        return ()
    places = [0.5, num_blocks // 3 + 0.5, 2 * num_blocks // 3 + 0.5, num_blocks + 0.5]
    rules = [Rule(place, is_vertical=True, dash="solid", colour=BORDER) for place in places[1:3]]
    labels = [Label(sum(places[i : i + 2]) / 2, f"stage {i + 1}") for i in range(3)]
    return (*rules, *labels)
