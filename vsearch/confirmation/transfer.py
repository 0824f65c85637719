"""A curve moved by `t` to other depths and data sets: there, too, against the plain network in pairs."""

from collections.abc import Sequence
from typing import NamedTuple

from vsearch.confirmation.outcome import Outcome
from vsearch.confirmation.plan import FullTraining, planned_spec, suffixed
from vsearch.curves import BASELINE, Curve
from vsearch.errors import InputError
from vsearch.spec.name import default_name
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.study import StudySpec


class Place(NamedTuple):
    """Where a curve is tried."""

    dataset: str
    depth: int


class Moved(NamedTuple):
    """One cell of the matrix."""

    place: Place
    outcome: Outcome
    is_origin: bool
    """Whether the curve was found there."""


def places(datasets: Sequence[str], depths: Sequence[int]) -> tuple[Place, ...]:
    """Each data set at each depth.

    Raises:
        InputError: none is given, or one is given twice.
    """
    if not datasets or not depths:
        raise InputError("there is nowhere to move the curve to; give --depths and --datasets")
    if len(set(datasets)) != len(datasets) or len(set(depths)) != len(depths):
        raise InputError("a data set or a depth is given twice; give each once")
    return tuple(Place(dataset, depth) for dataset in datasets for depth in depths)


def transfer_spec(
    search: StudySpec,
    label: str,
    curve: Curve,
    place: Place,
    *,
    seeds: int,
    training: FullTraining | None = None,
) -> StudySpec:
    """The plan of one cell: the plain network and the curve.

    Args:
        search: the study that the curve comes from; its name and families stay with the plan.
        label: what the curve is called: `trial 12`.

    Raises:
        InputError: there is no such data set or depth, or numbers out of their range.
    """
    is_elsewhere = place.dataset != search.dataset
    base = search.with_changes(
        dataset=place.dataset,
        depth=place.depth,
        train_images=None if is_elsewhere else search.train_images,
        validation_images=None if is_elsewhere else search.validation_images,
        image_size=None if is_elsewhere else search.image_size,
    )
    plan = (PlannedCurve("baseline", "baseline", BASELINE), PlannedCurve("candidate", label, curve))
    where = default_name(["on"], place.dataset, f"{search.network}{place.depth}")
    return planned_spec(
        base,
        plan,
        purpose="transfer",
        name=suffixed(search.name, where),
        parent=search.name,
        seeds=seeds,
        training=training,
    )


def moved(search: StudySpec, outcomes: Sequence[Outcome]) -> tuple[Moved, ...]:
    """The matrix's cells."""
    return tuple(
        Moved(
            Place(found.spec.dataset, found.spec.depth),
            found,
            (found.spec.dataset, found.spec.depth) == (search.dataset, search.depth),
        )
        for found in outcomes
    )


def transfer_sentence(cells: Sequence[Moved]) -> str:
    """Where the curve beats the plain network."""
    elsewhere = [cell for cell in cells if not cell.is_origin]
    better = [cell for cell in elsewhere if cell.outcome.verdict == "confirmed"]
    worse = [cell for cell in elsewhere if cell.outcome.verdict == "worse"]
    if not elsewhere:
        return "The curve was tried only where it was found."
    text = (
        f"Beside where it was found, the curve is confirmed in {len(better)} of {len(elsewhere)} places{_names(better)}"
    )
    return f"{text}, and worse than the plain network in {len(worse)}{_names(worse)}."


def _names(cells: Sequence[Moved]) -> str:
    names = [f"{cell.place.dataset} at depth {cell.place.depth}" for cell in cells]
    return f" ({', '.join(names)})" if names else ""
