"""`vsearch confirm`: does a curve beat the plain network, by how much, how surely, and is it the shape?"""

from typing import TYPE_CHECKING

import click

from vsearch.cli.crew import CrewFlags, crew_options
from vsearch.cli.evidence_view import content_of, print_outcome
from vsearch.cli.options import Settings, all_options, json_option, make_home
from vsearch.cli.output import note, print_json, print_line
from vsearch.cli.planned_run import tell_plan, train_planned
from vsearch.cli.training_options import TrainingFlags, training_options
from vsearch.cli.until_sure_options import USUAL, until_sure_options
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.confirmation.until_sure import UntilSure
    from vsearch.study import Study

FIRST_SEEDS, TOP = 5, 3


@click.command()
@click.argument("study")
@click.option("--top", type=int, help=f"So many curves of the search, the most promising first. [default: {TOP}]")
@click.option(
    "--seeds",
    type=int,
    help=f"Fresh seeds for each curve. [default: {FIRST_SEEDS}; {USUAL.first} at first with --until-sure]",
)
@training_options
@click.option("--no-controls", is_flag=True, help="Leave out the controls that tell whether it is the shape.")
@until_sure_options("Add seeds until the answer is sure, or not worthwhile; curves that are decided get no more.")
@click.option("--name", help="Of the confirmation. [default: the search's with -confirmation]")
@click.option("--queue", "is_queued", is_flag=True, help="Only store it, for workers elsewhere; trains nothing here.")
@crew_options
@json_option
@all_options
def confirm(
    study: str,
    top: int | None,
    seeds: int | None,
    training: TrainingFlags,
    no_controls: bool,
    rule: "UntilSure | None",
    name: str | None,
    is_queued: bool,
    crew: CrewFlags,
    as_json: bool,
    settings: Settings,
) -> None:
    """Train a search's best curves again, beside the plain network and controls, and say what stands.

    Fresh seeds, the same for each curve; the whole training split, the full schedule, judged by the test split. The
    curves are chosen by scores that are freed from luck. The same command goes on where it was broken off, and with
    more --seeds it adds some. STUDY is the search, or a confirmation that is stored already.
    """
    from vsearch import evidence
    from vsearch import study as studies

    crew.check(settings)
    found = studies.open_study(study, settings)
    make_home(settings)
    plan = Plan(top, training, no_controls, rule is not None, name)
    planned, is_new = (found, False) if found.spec.planned else plan.of(found, seeds)
    if found.spec.planned and plan.is_given:
        raise InputError(f"{study} is a {found.spec.purpose} and keeps its plan; only --seeds can be raised")
    if seeds is not None and any(planned.spec.seeds_of(item) != seeds for item in planned.spec.planned):
        planned = evidence.more_seeds(planned, seeds)
    tell_plan(planned, evidence.parent_of(planned))
    if is_queued:
        print_line(planned.spec.name)
        return
    if rule is None or planned.stored.state != "open":
        planned = train_planned(planned, crew, settings, is_new=is_new)
    else:
        planned, step = evidence.train_until_sure(
            planned, rule, lambda study: train_planned(study, crew, settings, is_new=is_new)
        )
        note(f"stopped after {planned.spec.seeds_per_curve} seeds: {step.reason}")
    show_outcome(planned, as_json=as_json)


def show_outcome(planned: "Study", *, as_json: bool) -> None:
    """Print what a planned study shows so far."""
    from vsearch import evidence

    if as_json:
        print_json("confirmation", content_of(planned))
    else:
        print_outcome(evidence.outcome_of(planned))


class Plan:
    """What the flags say of a confirmation's plan; None leaves it as usual, or as it is stored."""

    def __init__(
        self, top: int | None, training: TrainingFlags, no_controls: bool, is_sequential: bool, name: str | None
    ) -> None:
        self._top, self._training, self._name = top, training, name
        self._with_controls, self._is_sequential = not no_controls, is_sequential

    @property
    def is_given(self) -> bool:
        """Whether any flag says what the plan is."""
        return self._top is not None or self._training.is_given or not self._with_controls or self._name is not None

    def of(self, search: "Study", seeds: int | None) -> tuple["Study", bool]:
        """The confirmation of a search, stored or new, and whether it is new.

        Raises:
            InputError: it is stored with another plan.
        """
        from vsearch import evidence

        stored = evidence.confirmation_of(search, self._name or "")
        if stored is not None and self._top is None and not self._training.is_given and self._with_controls:
            return stored, False
        usual = USUAL.first if self._is_sequential else FIRST_SEEDS
        return evidence.confirm(
            search,
            top=TOP if self._top is None else self._top,
            seeds=stored.spec.seeds_per_curve if stored else usual if seeds is None else seeds,
            training=self._training.training(search.spec.recipe),
            name=self._name or "",
            with_controls=self._with_controls,
            sequential=stored.spec.sequential if stored else self._is_sequential,
        )
