"""What stored calibrations propose for a new search."""

from typing import NamedTuple

from vsearch.confirmation.calibration import WANTED, Calibration, calibration
from vsearch.confirmation.stored_calibrations import StoredCalibration, read, stored_calibrations
from vsearch.errors import InputError
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage

ALIKE = ("dataset", "train_images", "validation_images", "image_size", "network", "depth", "recipe")
"""In what a search must be like the short trainings of a calibration for that to tell anything of it."""


class Proposed(NamedTuple):
    """What a search may take."""

    calibration: str
    epochs: int
    first_rung: int
    is_sure: bool
    """Whether the intervals exclude less than what is wanted."""


def proposal_for(storage: Storage | None, search: StudySpec, *, wanted: float = WANTED) -> Proposed:
    """What the newest calibration proposes that was made on the same images, with the same network and recipe.

    Args:
        storage: None where there is none yet.

    Raises:
        InputError: none fits, or the newest that does proposes nothing.
    """
    found = fitting(storage, search)
    if found is None:
        raise InputError(
            f"no calibration is stored for {search.network}{search.depth} on {search.dataset} with these images and "
            "this recipe; store such a study without --rungs, and calibrate it: vsearch calibrate STUDY"
        )
    proposal = calibration(read(found), wanted=wanted).proposal
    if proposal is None:
        raise InputError(
            f"the calibration {found.name} proposes nothing: no short training that has ended reaches a rank "
            f"correlation of {wanted:g}; see: vsearch calibrate {found.long.name}, or give --epochs and --first-rung"
        )
    return Proposed(found.name, proposal.run.spec.epochs, proposal.first_rung, proposal.is_sure)


def fitting(storage: Storage | None, search: StudySpec) -> StoredCalibration | None:
    """The newest calibration on the same images, with the same network and recipe; None where there is none."""
    return next((each for each in _all(storage) if fits(each, search)), None)


def doubt_about(search: StudySpec, found: Calibration) -> str:
    """What a calibration that fits has to say against the epochs and the first rung of a search; empty for nothing."""
    if found.missing:
        return ""
    compared = search.rungs[0] if search.rungs else search.epochs
    alike = found.of_length(search.epochs)
    safe = alike.safe_epoch(found.wanted) if alike else None
    if safe is not None and compared >= safe:
        return ""
    has = f"{search.epochs} epochs" + (f", compared from epoch {compared} on," if search.rungs else "")
    doubt = f"the calibration {found.name} found that trials of {has} do not rank curves as long trainings do"
    if alike is None:
        doubt = f"the calibration {found.name} tried no trials of {search.epochs} epochs"
    if found.proposal is None:
        return f"{doubt}, nor did any others that it tried (rank correlation of {found.wanted:g})"
    epochs, first = found.proposal.run.spec.epochs, found.proposal.first_rung
    return f"{doubt}; of {epochs} epochs, compared from epoch {first} on, they do: --rungs calibrated"


def fits(calibration: StoredCalibration, search: StudySpec) -> bool:
    """Whether its short trainings train as a search does, but for how long."""
    return any(all(getattr(study.spec, name) == getattr(search, name) for name in ALIKE) for study in calibration.short)


def _all(storage: Storage | None) -> list[StoredCalibration]:
    return [] if storage is None else stored_calibrations(storage)
