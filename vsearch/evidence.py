"""From a search to a claim that stands: planned studies with fresh paired seeds, judged by the test split.

>>> from vsearch import evidence, study
>>> confirmation, _ = evidence.confirm(study.open_study("triangle-cifar10-resnet32"), seeds=5)  # doctest: +SKIP
>>> confirmation.train()  # doctest: +SKIP
>>> print(evidence.outcome_of(confirmation).verdict)  # doctest: +SKIP
confirmed
"""

from collections.abc import Callable, Collection, Sequence

from vsearch import study as studies
from vsearch.confirmation import reproduction
from vsearch.confirmation.candidates import Candidate, ranked_candidates
from vsearch.confirmation.outcome import LEVEL, Outcome, outcome, resolution
from vsearch.confirmation.plan import (
    CONFIRMATION_SUFFIX,
    FullTraining,
    check_seeds,
    confirmation_spec,
    suffixed,
)
from vsearch.confirmation.transfer import Place, transfer_spec
from vsearch.confirmation.until_sure import UntilSure, settled_labels
from vsearch.curves import Curve
from vsearch.errors import InputError, VsearchError
from vsearch.search import control, relatives
from vsearch.search.planned import with_seeds
from vsearch.settings import Settings
from vsearch.spec.study import StudySpec
from vsearch.statistics import NextStep, next_step
from vsearch.storage import open_storage
from vsearch.study import Study


def candidates(search: Study, top: int) -> list[Candidate]:
    """The curves of a search that deserve confirmation, the most promising first.

    Raises:
        InputError: `top` is below 1, or it is no search.
        VsearchError: no trial has finished.
    """
    if search.spec.planned:
        raise InputError(f"{search.spec.name} is a {search.spec.purpose} and no search; name the search")
    return ranked_candidates(search.trials(), top=top, validation_images=search.spec.evaluation_images)


def confirm(
    search: Study,
    *,
    top: int = 3,
    seeds: int = 5,
    training: FullTraining | None = None,
    name: str = "",
    with_controls: bool = True,
    sequential: bool = False,
) -> tuple[Study, bool]:
    """The confirmation of a search, and whether it is new; nothing is trained yet.

    Args:
        top: curves to confirm.
        seeds: trainings of each curve, with the same fresh seeds.
        sequential: more seeds will be added for as long as the answer is not sure.

    Raises:
        InputError: numbers out of their range, or a confirmation of that name with another plan is stored.
        VsearchError: no trial of the search has finished.
    """
    chosen = [(f"trial {item.number}", item.curve) for item in candidates(search, top)]
    spec = confirmation_spec(
        search.spec, chosen, seeds=seeds, training=training, name=name, with_controls=with_controls
    )
    return studies.create_or_open(spec.with_changes(sequential=sequential), search.settings)


def confirmation_of(search: Study, name: str = "") -> Study | None:
    """The stored confirmation of a search; by default the one of the usual name. None where there is none.

    Raises:
        InputError: the study of that name confirms something else.
    """
    name = name or suffixed(search.spec.name, CONFIRMATION_SUFFIX)
    if name not in search.stored.storage.study_names():
        return None
    found = studies.open_study(name, search.settings)
    if found.spec.purpose != "confirmation" or found.spec.parent != search.spec.name:
        raise InputError(f"the study {name!r} is no confirmation of {search.spec.name}; give another --name")
    return found


def outcome_of(planned: Study) -> Outcome:
    """What a planned study shows so far, corrected for all stored studies that answer the same question.

    Raises:
        InputError: the study is a search.
    """
    if not planned.spec.planned:
        raise InputError(f"{planned.spec.name} is a search; confirm it with: vsearch confirm {planned.spec.name}")
    search = parent_of(planned)
    together = relatives.read_together(planned.spec, relatives.planned_specs(planned.stored.storage))
    return outcome(planned.spec, planned.trials(), search.trials() if search else (), studies=together)


def parent_of(planned: Study) -> Study | None:
    """The study that a planned one comes from; None where there is none, or it is gone or cannot be read."""
    found = relatives.parent_of(planned.stored)
    return None if found is None else Study(found, planned.settings)


def more_seeds(planned: Study, seeds: int, settled: Collection[str] = ()) -> Study:
    """The same study with so many seeds for each curve, and with what failed queued again.

    Where results are known already, its intervals become those that stay valid under looking.

    Args:
        settled: labels of curves that get no more.

    Raises:
        InputError: fewer seeds than it has.
    """
    if check_seeds(seeds) < planned.spec.seeds_per_curve:
        raise InputError(
            f"{planned.spec.name} has {planned.spec.seeds_per_curve} seeds for each curve, and {seeds} are asked for; "
            "seeds cannot be taken away once their results may be known"
        )
    return Study(control.more_seeds(planned.stored, seeds, settled), planned.settings)


def train_until_sure(planned: Study, rule: UntilSure, train: Callable[[Study], object]) -> tuple[Study, NextStep]:
    """Train a sequential study, adding seeds until each of its claims is decided; decided ones get no more.

    Args:
        train: trains all that the study has queued, and returns then.

    Raises:
        VsearchError: the trainings fail, so that more seeds would bring nothing.
    """
    if not planned.spec.sequential:
        raise InputError(
            f"{planned.spec.name} was made for a fixed number of seeds; make another with --until-sure and --name"
        )
    while True:
        before = _finished(planned)
        train(planned)
        step = decide(planned, rule)
        if step.verdict != "more" or planned.spec.seeds_per_curve >= rule.max_seeds:
            return planned, step
        if _finished(planned) == before and outcome_of(planned).missing:
            raise VsearchError(
                f"the trainings of {planned.spec.name} fail; see: vsearch trial list {planned.spec.name} --state failed"
            )
        seeds = min(rule.max_seeds, planned.spec.seeds_per_curve + rule.step)
        planned = more_seeds(planned, seeds, settled_labels(planned.spec, step))


def decide(planned: Study, rule: UntilSure) -> NextStep:
    """Whether a sequential study needs more seeds, by what has finished."""
    found = outcome_of(planned)
    differences = {row.label: row.differences for row in found.claims}
    if not all(differences.values()):
        return NextStep("more", "a curve has no pair yet", {})
    return next_step(
        differences,
        level=LEVEL,
        worthwhile=rule.worthwhile,
        max_seeds=rule.max_seeds,
        resolution=resolution(planned.spec),
    )


def _finished(planned: Study) -> int:
    return sum(trial.is_finished for trial in planned.trials())


def reproduce(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    seeds: int = 5,
    training: FullTraining | None = None,
    with_controls: bool = False,
    prefix: str = reproduction.NAME,
) -> list[tuple[Study, bool]]:
    """Settings of the paper's table, all by default, each as a study, with whether it is new.

    Raises:
        InputError: the paper has no such setting, or one is stored with another plan; nothing is made then.
    """
    specs = [
        reproduction.reproduction_spec(name, seeds=seeds, training=training, with_controls=with_controls, prefix=prefix)
        for name in reproduction.check_settings(names)
    ]
    return stored_or_new(specs, settings)


def chosen_curve(search: Study) -> tuple[str, Curve]:
    """The curve that a search stands for, with its label: its confirmation's winner, else the most promising one.

    Raises:
        VsearchError: no trial has finished.
    """
    confirmation = confirmation_of(search)
    winner = outcome_of(confirmation).winner if confirmation else None
    if winner is not None:
        return winner.label, winner.curve
    best = candidates(search, 1)[0]
    return f"trial {best.number}", best.curve


def transfer(
    search: Study, where: Sequence[Place], *, seeds: int = 3, training: FullTraining | None = None
) -> list[tuple[Study, bool]]:
    """A search's curve against the plain network in other places, each as a study, with whether it is new.

    Raises:
        InputError: there is no such place, or one is stored with another plan; nothing is made then.
        VsearchError: no trial of the search has finished.
    """
    label, curve = chosen_curve(search)
    specs = [transfer_spec(search.spec, label, curve, place, seeds=seeds, training=training) for place in where]
    return stored_or_new(specs, search.settings)


def stored_or_new(specs: Sequence[StudySpec], settings: Settings) -> list[tuple[Study, bool]]:
    """The studies of these plans, with as many seeds as the specs have or more, each with whether it is new.

    Raises:
        InputError: a study of one of these names has another plan; nothing is made then.
    """
    known = set(open_storage(settings.storage.value, retry_seconds=settings.retry_seconds).study_names())
    for spec in specs:
        if spec.name in known:
            _stored(spec, settings)
    return [
        _extended(spec, settings) if spec.name in known else studies.create_or_open(spec, settings) for spec in specs
    ]


def _stored(spec: StudySpec, settings: Settings) -> Study:
    stored = studies.open_study(spec.name, settings).spec
    same = with_seeds(spec, stored.seeds_per_curve).with_changes(sequential=stored.sequential)
    return studies.create_or_open(same, settings)[0]  # says what differs


def _extended(spec: StudySpec, settings: Settings) -> tuple[Study, bool]:
    found = _stored(spec, settings)
    seeds = max(spec.seeds_per_curve, found.spec.seeds_per_curve)
    return (more_seeds(found, seeds) if seeds > found.spec.seeds_per_curve else found), False


__all__ = [
    "UntilSure",
    "candidates",
    "chosen_curve",
    "confirm",
    "confirmation_of",
    "decide",
    "more_seeds",
    "outcome_of",
    "parent_of",
    "reproduce",
    "stored_or_new",
    "train_until_sure",
    "transfer",
]
