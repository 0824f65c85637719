"""The curves that every study trains before it searches."""

from vsearch.curves import BASELINE, Curve, paper
from vsearch.spec.study import StudySpec


def first_curves(spec: StudySpec) -> list[tuple[str, str, Curve]]:
    """What every study trains first: (role, family, curve). The paper's curve for this data set if it has one."""
    curves: list[tuple[str, str, Curve]] = [("baseline", spec.families[0], BASELINE)]
    for family in spec.families:
        published = paper.for_family(family)
        matching = [curve for setting, curve in published if setting.split("-")[0] == spec.dataset]
        curves += [("paper", family, curve) for curve in matching or [curve for _, curve in published]]
    return curves
