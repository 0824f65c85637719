"""The curves of a calibration: such that differ, so that there is a ranking to find again."""

from collections.abc import Sequence
from dataclasses import replace

from vsearch.confirmation.plan import is_same
from vsearch.curves import BASELINE, Constant, Curve, Ramp, paper
from vsearch.errors import InputError
from vsearch.search.trials import TrialResult
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.study import StudySpec

FIXED: tuple[tuple[str, Curve], ...] = (
    ("constant 0.85", Constant(0.85)),
    ("constant 1.15", Constant(1.15)),
    ("falling", Ramp(peak=1.2, floor=0.8)),
    ("rising", Ramp(peak=1.2, floor=0.8, direction="rising")),
)
"""Below and above 1, and both ramps: short runs favour small scales, and a rank correlation must be able to show it."""
FROM_SEARCH = 2
MOST_FROM_SEARCH = 100


def spread(
    search: StudySpec, trials: Sequence[TrialResult] = (), *, from_search: int = FROM_SEARCH
) -> tuple[PlannedCurve, ...]:
    """Baseline, the paper's curves for the data set or the families, `FIXED`, and finished trials of the search.

    Of curves that scale every block alike only the first is there.

    Args:
        trials: of the search; none where it has not been trained.
        from_search: finished trials that are taken, evenly from the best to the worst.

    Raises:
        InputError: `from_search` is below 0 or above 100.
    """
    if not 0 <= from_search <= MOST_FROM_SEARCH:
        raise InputError(f"from-search is {from_search}; give 0 to {MOST_FROM_SEARCH} finished trials of the search")
    wanted = [PlannedCurve("baseline", "baseline", BASELINE)]
    wanted += [PlannedCurve("paper", f"paper {setting}", curve) for setting, curve in _published(search)]
    wanted += [PlannedCurve("candidate", label, curve) for label, curve in FIXED]
    kept = _distinct(wanted, search.num_blocks)
    # Among the search's trials are the paper's curves too: the best and the worst are those of what is left.
    more = _distinct([*kept, *_ranked(trials)], search.num_blocks)[len(kept) :]
    return (*kept, *_from_best_to_worst(more, from_search))


def _distinct(curves: Sequence[PlannedCurve], blocks: int) -> list[PlannedCurve]:
    kept: list[PlannedCurve] = []
    for item in curves:
        if not any(is_same(item.curve, other.curve, blocks) for other in kept):
            kept.append(item)
    return kept


def _published(search: StudySpec) -> list[tuple[str, Curve]]:
    return [
        (setting, curve)
        for setting, curve in paper.CURVES.items()
        if setting.startswith(f"{search.dataset}-") or curve.family in search.families
    ]


def _ranked(trials: Sequence[TrialResult]) -> list[PlannedCurve]:
    """The finished trials of the search, best first."""
    finished = [trial for trial in trials if trial.is_finished and trial.accuracy is not None]
    ranked = sorted(finished, key=lambda trial: (-(trial.accuracy or 0.0), trial.number))
    return [PlannedCurve("candidate", f"trial {trial.number}", trial.curve) for trial in ranked if trial.curve]


def _from_best_to_worst(ranked: Sequence[PlannedCurve], number: int) -> list[PlannedCurve]:
    """So many of them, evenly; one alone is the best."""
    number = min(number, len(ranked))
    places = [round(place * (len(ranked) - 1) / max(1, number - 1)) for place in range(number)]
    return [replace(ranked[place], label=_word(place, len(ranked)) + ranked[place].label) for place in places]


def _word(place: int, ranked: int) -> str:
    if place == 0:
        return "best, "
    return "worst, " if place == ranked - 1 else ""
