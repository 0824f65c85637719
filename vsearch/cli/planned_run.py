"""Training planned studies from the command line, the same way for every purpose."""

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from vsearch.cli.crew import CrewFlags, warn_of_threads
from vsearch.cli.options import Settings
from vsearch.cli.output import duration, note, print_line
from vsearch.errors import DataError, DeviceError, InputError

if TYPE_CHECKING:
    from vsearch.confirmation.outcome import Outcome
    from vsearch.study import Study


def train_planned(study: "Study", crew: CrewFlags, settings: Settings, *, is_new: bool) -> "Study":
    """Train all that a planned study has queued; what failed before is tried again. Gives the study as it is then.

    Raises:
        VsearchError: it could not begin; a new study is then taken back.
    """
    from vsearch import evidence

    if study.stored.state != "open":
        note(
            f"the study {study.spec.name} is {study.stored.state}; let it go on: vsearch study resume {study.spec.name}"
        )
        return study
    if study.is_done and evidence.outcome_of(study).missing:
        study = study.resume()
    if study.is_done:
        return study
    warn_of_threads(crew.check(settings), settings)
    try:
        crew.train(study)
    except (InputError, DataError, DeviceError):
        if is_new:
            take_back(study)
        raise
    return study


def take_back(study: "Study") -> None:
    """Delete a new study if nothing of it has begun: of what could not be done nothing is left."""
    if all(trial.state == "waiting" for trial in study.trials()):
        study.delete()


def train_all(
    studies: "Sequence[tuple[Study, bool]]", crew: CrewFlags, settings: Settings, *, is_queued: bool
) -> "list[Outcome]":
    """Train planned studies one after another, and read them together; nothing where they are only queued.

    Args:
        studies: each with whether it is new.
        is_queued: only print their names, for workers elsewhere.
    """
    from vsearch import evidence

    if is_queued:
        for study, _ in studies:
            print_line(study.spec.name)
        return []
    outcomes = []
    for number, (study, is_new) in enumerate(studies):
        tell_plan(study, evidence.parent_of(study))
        try:
            trained = train_planned(study, crew, settings, is_new=is_new)
        except (InputError, DataError, DeviceError):
            for later, is_later_new in studies[number + 1 :]:
                if is_later_new:
                    take_back(later)
            raise
        outcomes.append(evidence.outcome_of(trained))
    return outcomes


def tell_plan(study: "Study", search: "Study | None") -> None:
    """Say on stderr what is going to be trained, and about how long that takes, before it begins."""
    from vsearch.confirmation.sentences import seeds_in_words

    spec = study.spec
    size = f"{len(spec.planned)} curves x {seeds_in_words(spec)} x {spec.epochs} epochs"
    note(f"{spec.name}: {size} on {_images(study)}, judged by its {spec.evaluated_on} images")
    speed = _speed(search)
    images = study.spec.training_images
    if speed and images and not study.is_done:
        left = sum(trial.state in ("waiting", "running") for trial in study.trials())
        seconds = left * spec.epochs * images / speed
        note(f"about {duration(seconds)} of training at the {speed:.0f} images/s of the search, one after another")


def _images(study: "Study") -> str:
    count = study.spec.training_images
    return study.spec.dataset if count is None else f"{count} images of {study.spec.dataset}"


def _speed(search: "Study | None") -> float:
    """Images/s of one training of the search, at its depth; 0 where that is not known."""
    speeds = [trial.images_per_second for trial in search.trials() if trial.images_per_second] if search else []
    return median(speeds) if speeds else 0.0
