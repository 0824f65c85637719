"""Whether short trainings rank curves as long ones do, epoch by epoch."""

from __future__ import annotations

import math
from typing import NamedTuple

from vsearch.confirmation.calibration import Calibration, ShortRun
from vsearch.reports.chart import COLOURS, DASHES, Axis, Band, Chart, Line, Mark, Panel, Points, Rule
from vsearch.reports.wording import counted


class Agreement(NamedTuple):
    """How the ranking at one epoch goes with that of the long trainings."""

    epoch: int
    correlation: float
    """Spearman's, -1 … 1."""
    interval: tuple[float, float] | None
    """95 %; None where it could not be reckoned."""
    n: int
    """Curves that were ranked."""


class ShortRecipe(NamedTuple):
    """A way to train shortly."""

    name: str
    """`5,000 images, 8 epochs`."""
    agreements: tuple[Agreement, ...]
    """By epoch."""


class Proposal(NamedTuple):
    """The cheapest recipe that reaches the wanted correlation, and the first epoch at which pruning is safe."""

    recipe: str
    first_rung: int


class CalibrationInfo(NamedTuple):
    """The short trainings of a calibration beside its long ones."""

    study: str
    recipes: tuple[ShortRecipe, ...]
    wanted: float
    """Rank correlation that a rung must reach."""
    proposal: Proposal | None
    """None where no recipe reaches it."""


def calibration_info(found: Calibration) -> CalibrationInfo:
    """The rank correlations of validation accuracy, which trials are pruned by, at each epoch."""
    proposal = found.proposal
    return CalibrationInfo(
        found.name,
        tuple(ShortRecipe(_name(run), _agreements(run)) for run in found.short),
        found.wanted,
        None if proposal is None else Proposal(_name(proposal.run), proposal.first_rung),
    )


def _name(run: ShortRun) -> str:
    images = "" if run.spec.train_images is None else f"{run.spec.train_images:,} images, "
    return f"{images}{counted(run.spec.epochs, 'epoch')}"


def _agreements(run: ShortRun) -> tuple[Agreement, ...]:
    return tuple(
        Agreement(
            each.epoch,
            each.accuracy.rho,
            (each.accuracy.interval.low, each.accuracy.interval.high),
            each.accuracy.curves,
        )
        for each in run.agreements
        if each.accuracy.rho is not None
    )


def calibration_chart(info: CalibrationInfo) -> Chart:
    """Rank correlation with the long trainings against epoch, a line with its interval for each short recipe."""
    recipes = [recipe for recipe in info.recipes if recipe.agreements]
    lines = [mark for number, recipe in enumerate(recipes) for mark in _marks(number, recipe)]
    marks = (Rule(info.wanted, f"wanted: {info.wanted:.2f}"), *_first_rung(info.proposal), *lines)
    panel = Panel(
        Axis("Epoch of the short training", is_whole=True),
        Axis("Rank correlation with the long trainings", low=_lowest(recipes), high=1.05),
        marks if lines else (),
        empty="" if lines else "No curve has been trained both short and long yet.",
    )
    title = f"Is the short run honest? {info.study}"
    return Chart("calibration", title, (panel,), _alternative(info), _note(info) if lines else "")


def _marks(number: int, recipe: ShortRecipe) -> list[Mark]:
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
    x = tuple(float(each.epoch) for each in recipe.agreements)
    y = tuple(each.correlation for each in recipe.agreements)
    hover = tuple(f"{recipe.name}\n{_words(each)}" for each in recipe.agreements)
    known = [(float(each.epoch), *each.interval) for each in recipe.agreements if each.interval is not None]
    band: list[Mark] = []
    if len(known) > 1:
        places, low, high = zip(*known, strict=True)
        band = [Band(places, low, high, colour=colour, opacity=0.13)]
    return [
        *band,
        Line(x, y, colour=colour, dash=dash, width=2),
        Points(x, y, recipe.name, colour, size=8, hover=hover),
    ]


def _first_rung(proposal: Proposal | None) -> list[Mark]:
    if proposal is None:
        return []
    return [Rule(proposal.first_rung, f"first rung: epoch {proposal.first_rung}", is_vertical=True)]


def _lowest(recipes: list[ShortRecipe]) -> float:
    """A tenth of whole that lies below all intervals, and not above 0."""
    ends = [
        end for recipe in recipes for each in recipe.agreements for end in (each.correlation, *(each.interval or ()))
    ]
    return min(0.0, math.floor(10 * min(ends, default=0.0)) / 10)


def _words(each: Agreement) -> str:
    low_to_high = "" if each.interval is None else f" (95 % interval {each.interval[0]:.2f} to {each.interval[1]:.2f})"
    return f"epoch {each.epoch}: {each.correlation:.2f}{low_to_high}, {counted(each.n, 'curve')}"


def _alternative(info: CalibrationInfo) -> str:
    listed = [f"{each.name}: {'; '.join(map(_words, each.agreements))}" for each in info.recipes if each.agreements]
    if not listed:
        return "No curve has been trained both short and long yet."
    return f"Rank correlation of short with long trainings. {'. '.join(listed)}. {_advice(info)}"


def _advice(info: CalibrationInfo) -> str:
    if info.proposal is None:
        return f"No short training reaches the wanted {info.wanted:.2f}."
    return f"Proposed: {info.proposal.recipe}, first rung at epoch {info.proposal.first_rung}."


def _note(info: CalibrationInfo) -> str:
    return f"{_advice(info)} Spearman's rank correlation over curves; bands: 95 % intervals."
