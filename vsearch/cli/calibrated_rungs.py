"""`--rungs calibrated`: epochs and first rung of a new study by what a calibration proposes."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from vsearch.cli.options import Settings
from vsearch.cli.output import note
from vsearch.curves.number import read_number
from vsearch.errors import InputError, VsearchError, shorten
from vsearch.spec import StudySpec

if TYPE_CHECKING:
    from vsearch.storage import Storage

WORD = "calibrated"


def with_calibrated_rungs(
    rungs: str, flags: Mapping[str, Any], spec_of: Callable[[Mapping[str, Any]], StudySpec], settings: Settings
) -> StudySpec:
    """The spec of a study with the epochs and the first rung of the newest calibration that fits it.

    Args:
        rungs: `calibrated`, or `calibrated:0.7` for another wanted rank correlation.
        spec_of: the spec that flags give.

    Raises:
        InputError: epochs or a first rung are given too, no calibration fits, or it proposes nothing.
    """
    wanted = _wanted(rungs)
    for flag in ("epochs", "first_rung"):
        if flag in flags:
            given = f"--{flag.replace('_', '-')}"
            raise InputError(f"--rungs {rungs} gives epochs and first rung, and {given} is given too; leave one out")
    from vsearch.confirmation.proposals import proposal_for

    # Whatever epochs a file names, the proposal's take their place.
    found = proposal_for(_storage(settings), spec_of(flags), wanted=wanted)
    doubt = "" if found.is_sure else f"; that it ranks as well as {wanted:g} is not sure"
    note(
        f"by the calibration {found.calibration}: {found.epochs} epochs, first rung at epoch {found.first_rung}{doubt}"
    )
    return spec_of({**flags, "epochs": found.epochs, "first_rung": found.first_rung})


def warn_of_calibration(spec: StudySpec, storage: "Storage") -> None:
    """Say on stderr what the newest calibration that fits a new search has to say against its epochs and rungs."""
    from vsearch.confirmation.calibration import calibration
    from vsearch.confirmation.proposals import doubt_about, fitting
    from vsearch.confirmation.stored_calibrations import read

    with suppress(VsearchError):  # of a calibration that cannot be read nothing is told, and the search goes on
        found = fitting(storage, spec)
        if found is not None and (doubt := doubt_about(spec, calibration(read(found)))):
            note(f"warning: {doubt}")


def _wanted(rungs: str) -> float:
    from vsearch.confirmation.calibration import WANTED, check_wanted

    word, colon, number = rungs.partition(":")
    if word != WORD or (colon and not number):
        raise InputError(f"--rungs is {shorten(repr(rungs))}; say calibrated, or calibrated:0.7")
    return check_wanted(read_number("wanted", number)) if number else WANTED


def _storage(settings: Settings) -> "Storage | None":
    from vsearch.storage import open_storage

    if settings.is_untouched:
        return None
    return open_storage(settings.storage.value, create=False, retry_seconds=settings.retry_seconds)
