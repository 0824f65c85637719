"""What is recorded of a trial beside what came out when it was trained again."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Kind = Literal["record", "condition", "number"]
"""A `record` must agree with itself wherever it is read; a `condition` says where and with what was trained; a
`number` came out of the training and is equal bit for bit where all conditions are."""
Verdict = Literal["equal", "contradicted", "different", "not comparable"]


class Compared(NamedTuple):
    """One thing that the record says, and what was found instead."""

    kind: Kind
    name: str
    recorded: Any
    """None: nothing is recorded of it, and any finding agrees."""
    found: Any

    @property
    def differs(self) -> bool:
        """Whether the finding is another than the record."""
        return self.recorded is not None and self.recorded != self.found


class EpochPair(NamedTuple):
    """The validation accuracy after one epoch, the mean over the seeds."""

    epoch: int
    recorded: float | None
    """None after the epoch whose loss was no number: it is not reported."""
    repeated: float

    @property
    def is_equal(self) -> bool:
        """Bit for bit; an epoch that was not reported agrees."""
        return self.recorded is None or self.recorded == self.repeated


@dataclass(frozen=True)
class Replay:
    """A trial that was trained again."""

    study: str
    number: int
    epochs: tuple[EpochPair, ...]
    compared: tuple[Compared, ...]
    recorded_epochs: int
    is_exact: bool
    """False on a GPU: its kernels may add in another order each time, so nothing is promised bit for bit."""
    has_weights: bool
    """Whether digests of the last weights are among what was compared."""

    @property
    def is_whole(self) -> bool:
        """Whether every recorded epoch was repeated."""
        return len(self.epochs) == self.recorded_epochs

    def differences(self, kind: Kind) -> list[Compared]:
        """What of that kind differs."""
        return [item for item in self.compared if item.kind == kind and item.differs]

    @property
    def largest_difference(self) -> float:
        """Of the accuracies after an epoch, in [0, 1]."""
        return max(
            (abs(pair.repeated - (pair.recorded or 0.0)) for pair in self.epochs if not pair.is_equal), default=0
        )

    @property
    def verdict(self) -> Verdict:
        """`contradicted`: the record disagrees with itself; `not comparable`: numbers differ, and so do conditions."""
        if self.differences("record"):
            return "contradicted"
        if all(pair.is_equal for pair in self.epochs) and not self.differences("number"):
            return "equal"
        return "different" if self.is_exact and not self.differences("condition") else "not comparable"

    @property
    def sentence(self) -> str:
        """The verdict for people."""
        count, named = len(self.epochs), ", ".join(item.name for item in self.differences("condition"))
        because = f"these differ here: {named}" if named else "a GPU adds in another order each time"
        points = f"the largest difference of an accuracy is {100 * self.largest_difference:.3g} points"
        match self.verdict:
            case "contradicted":
                names = ", ".join(item.name for item in self.differences("record"))
                return f"the record contradicts itself or what it was made from: {names}"
            case "equal":
                weights = " and the digests of the last weights" if self.has_weights else ""
                part = "" if self.is_whole else f" of {self.recorded_epochs}"
                elsewhere = f", though other than recorded here: {named}" if named else ""
                return f"equal bit for bit: the accuracies of {count}{part} epochs{weights}{elsewhere}"
            case "different":
                names = ", ".join(item.name for item in self.differences("number"))
                return f"different, though recorded under the same conditions: {names or 'the accuracies'}; {points}"
        return f"not comparable bit for bit, as {because}; {points}"
