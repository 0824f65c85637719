"""Confirmations whose seeds depend on their results: when one ends, and which curves need no more."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vsearch.confirmation.plan import check_seeds
from vsearch.spec.number import check_interval
from vsearch.spec.study import StudySpec

if TYPE_CHECKING:  # the command line names the defaults below without what reckons with them
    from vsearch.statistics import NextStep


@dataclass(frozen=True)
class UntilSure:
    """When a sequential confirmation ends.

    Raises:
        InputError: a number out of its range.
    """

    worthwhile: float = 0.2
    """Points; curves whose interval ends below are given up."""
    max_seeds: int = 20
    """For each curve; one that so many would hardly confirm any more is given up before."""
    step: int = 2
    """Seeds that are added at a time."""
    first: int = 4
    """Seeds to begin with: fewer say nothing."""

    def __post_init__(self) -> None:
        check_interval("worthwhile", self.worthwhile, 0, 100)
        for seeds in (self.max_seeds, self.step, self.first):
            check_seeds(seeds)


def settled_labels(spec: StudySpec, step: "NextStep") -> frozenset[str]:
    """The labels of the curves that need no more seeds: claims that are decided, and the controls of such a subject."""
    decided = step.decisions.keys() - set(step.undecided)
    if spec.subject is not None and spec.subject.label in decided:
        decided |= {item.label for item in spec.planned if item.role == "control"}
    return frozenset(decided)
