"""Telling a training that blew up from one that is merely bad."""

import math
from typing import Literal, NamedTuple

from vsearch.training.loop import EpochRecord

EXPLODED_AT = 10.0
"""In units of ln(num_classes), the loss of guessing: no network that learns gets near it over a whole epoch."""


class Divergence(NamedTuple):
    """How a training blew up, and a sentence for the trial."""

    kind: Literal["non-finite", "exploded"]
    reason: str


def diverged(record: EpochRecord, num_classes: int) -> Divergence | None:
    """Why the training of `record` is beyond rescue; None while it is not.

    A loss that is NaN or infinite is `non-finite`; a mean training loss above 10 ln(num_classes) has `exploded`.
    """
    losses = {"training": record.train_loss, "largest training": record.max_loss, "validation": record.validation_loss}
    for name, loss in losses.items():
        if not math.isfinite(loss):
            value = "NaN" if math.isnan(loss) else "infinite"
            return Divergence("non-finite", f"{name} loss is {value} after epoch {record.epoch}")
    limit = EXPLODED_AT * math.log(num_classes)
    if record.train_loss > limit:
        reason = f"training loss is {record.train_loss:.3g} after epoch {record.epoch}, above {limit:.3g}"
        return Divergence("exploded", f"{reason} (10 times that of guessing)")
    return None
