"""Planned studies: what is trained stands in the spec, curve by curve, and nothing is searched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vsearch.curves import BASELINE, Curve, from_dict
from vsearch.errors import InputError, unknown_name
from vsearch.spec.number import check_whole, shown

SEARCH = "search"
PURPOSES = ("confirmation", "reproduction", "transfer", "calibration")
"""Of studies that search nothing."""
ROLES = ("baseline", "paper", "candidate", "control")
"""Of planned curves. Controls tell whether it is the shape of a candidate that does it."""
MOST_CURVES = 200
LONGEST_LABEL = 60


@dataclass(frozen=True)
class PlannedCurve:
    """One curve that a planned study trains, once with each of its seeds.

    Raises:
        InputError: no such role, a label that is empty, too long or of several lines, or seeds below 1.
    """

    role: str
    """One of `ROLES`."""
    label: str
    """Its name in the study, for people: `trial 12`, `reversed`."""
    curve: Curve
    seeds: int | None = None
    """Of a curve whose answer is sure: the seeds that it got, and it gets no more. None: as many as the others."""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise unknown_name("role of a planned curve", self.role, ROLES)
        if not 0 < len(self.label) <= LONGEST_LABEL or not self.label.isprintable():
            raise InputError(
                f"a planned curve is called {shown(self.label)}; give 1 to {LONGEST_LABEL} printable characters"
            )
        if self.seeds is not None:
            check_whole("seeds of a planned curve", self.seeds, 1, 1_000_000)

    @property
    def is_claim(self) -> bool:
        """Whether the study asks if it beats the baseline: controls serve another question."""
        return self.role in ("candidate", "paper")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        content = {"role": self.role, "label": self.label, "curve": self.curve.to_dict()}
        return content if self.seeds is None else content | {"seeds": self.seeds}


def planned_from(value: object) -> tuple[PlannedCurve, ...]:
    """The planned curves of a stored spec or a TOML file, as `to_dict` gives them.

    Raises:
        InputError: it is no list of tables with role, label and curve, and seeds where they are fewer.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(f"planned is {shown(value)}; give a list of tables with role, label and curve")
    return tuple(_planned_curve(item) for item in value)


def _planned_curve(item: object) -> PlannedCurve:
    if isinstance(item, PlannedCurve):
        return item
    if not isinstance(item, Mapping) or item.keys() - {"seeds"} != {"role", "label", "curve"}:
        raise InputError(
            f"a planned curve is {shown(item)}; it is a table with role, label and curve, and seeds where they are "
            "fewer than those of the others"
        )
    role, label, curve = item["role"], item["label"], item["curve"]
    if not isinstance(role, str) or not isinstance(label, str) or not isinstance(curve, Mapping):
        raise InputError(f"a planned curve is {shown(item)}; role and label are texts, curve is a table with a family")
    return PlannedCurve(role, label, from_dict(curve), item.get("seeds"))


def seeds_per_curve(planned: Sequence[PlannedCurve], trials: int) -> int:
    """The seeds that each curve gets which is not settled."""
    left = trials - sum(item.seeds or 0 for item in planned)
    return left // max(1, sum(item.seeds is None for item in planned))


def check_plan(purpose: str, planned: Sequence[PlannedCurve], trials: object) -> None:
    """Refuse a plan that cannot be evaluated in pairs.

    Raises:
        InputError: a purpose without curves or curves without one, no baseline or two, labels that are given twice, or
            a number of trials that is not the same for each curve that goes on.
    """
    if purpose != SEARCH and purpose not in PURPOSES:
        raise unknown_name("purpose of a study", purpose, (SEARCH, *PURPOSES))
    if (purpose == SEARCH) == bool(planned):
        raise InputError(
            f"the study's purpose is {purpose}, and {len(planned)} curves are planned; a search plans none, others do"
        )
    if not planned:
        return
    if len(planned) > MOST_CURVES:
        raise InputError(f"{len(planned)} curves are planned; a study takes {MOST_CURVES}")
    labels = [item.label for item in planned]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise InputError(f"two planned curves are called {shown(twice)}; give each a label of its own")
    baselines = [item for item in planned if item.role == "baseline"]
    if len(baselines) != 1 or baselines[0].curve != BASELINE or baselines[0].seeds is not None:
        raise InputError(
            "a plan has exactly one baseline, the curve that is 1 everywhere, with every seed, to pair the others with"
        )
    if isinstance(trials, int):
        _check_trials(planned, trials)


def _check_trials(planned: Sequence[PlannedCurve], trials: int) -> None:
    settled = [item.seeds for item in planned if item.seeds is not None]
    going_on, left = len(planned) - len(settled), trials - sum(settled)
    if not settled and trials % going_on:
        raise InputError(f"trials is {trials}; with {going_on} planned curves it must be a multiple of that")
    if settled and (left % going_on or left < going_on * max(settled)):
        raise InputError(
            f"trials is {trials}; {sum(settled)} are those of {len(settled)} curves that get no more, and the other "
            f"{going_on} take {max(settled)} each or more, all the same number"
        )
