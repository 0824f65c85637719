"""The paper's table again: its four settings, each curve against the plain network, with paired seeds."""

from collections.abc import Sequence
from typing import NamedTuple

from vsearch.confirmation.outcome import Outcome
from vsearch.confirmation.plan import FullTraining, control_curves, planned_spec
from vsearch.curves import BASELINE, paper
from vsearch.errors import InputError, unknown_name
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.recipe import RECIPES
from vsearch.spec.study import StudySpec

SETTINGS = tuple(paper.CURVES)
NAME, MINIATURE_NAME = "paper-table", "paper-miniature"
MINIATURE = FullTraining(epochs=2, recipe=RECIPES["short"], train_images=640, test_images=500)
"""The same path within minutes on a CPU; its figures say nothing of the paper."""


class Reproduced(NamedTuple):
    """One line of the table."""

    setting: str
    published: float
    """The paper's gain, in points."""
    outcome: Outcome


def check_settings(settings: Sequence[str]) -> tuple[str, ...]:
    """The settings to reproduce, in the paper's order; all for none.

    Raises:
        InputError: one that the paper has not, or one that is given twice.
    """
    for setting in settings:
        if setting not in SETTINGS:
            raise unknown_name("setting of the paper", setting, SETTINGS)
    if len(set(settings)) != len(settings):
        raise InputError(f"a setting is given twice in {', '.join(settings)}; give each once")
    return tuple(setting for setting in SETTINGS if not settings or setting in settings)


def reproduction_spec(
    setting: str, *, seeds: int, training: FullTraining | None = None, with_controls: bool = False, prefix: str = NAME
) -> StudySpec:
    """The plan of one setting.

    Args:
        with_controls: train the curve's controls too, which tell whether it is its shape.

    Raises:
        InputError: the paper has no such setting, or numbers out of their range.
    """
    curve = paper.published(setting)
    dataset, _, network = setting.partition("-resnet")
    base = StudySpec((curve.family,), dataset=dataset, depth=int(network))
    planned = [PlannedCurve("baseline", "baseline", BASELINE), PlannedCurve("paper", "paper", curve)]
    if with_controls:
        planned += control_curves(curve, base.num_blocks, planned)
    return planned_spec(
        base,
        tuple(planned),
        purpose="reproduction",
        name=f"{prefix}-{setting}",
        parent="",
        seeds=seeds,
        training=training,
    )


def setting_of(spec: StudySpec) -> str:
    """The paper's setting that a study reproduces: `cifar10-resnet32`."""
    return f"{spec.dataset}-{spec.network}{spec.depth}"


def reproduced(outcomes: Sequence[Outcome]) -> tuple[Reproduced, ...]:
    """The table's lines."""
    settings = [(setting_of(found.spec), found) for found in outcomes]
    return tuple(Reproduced(setting, paper.GAINS[setting], found) for setting, found in settings)


def table_sentence(table: Sequence[Reproduced]) -> str:
    """How many of the published gains appeared, and how many of them the data contradict."""
    known = [row for row in table if row.outcome.winner is not None]
    if not known:
        return "Nothing can be said yet: no pair of trainings has finished."
    confirmed = [row.setting for row in known if row.outcome.verdict == "confirmed"]
    below = [row.setting for row in known if _is_below(row)]
    text = f"{len(confirmed)} of {len(known)} settings are confirmed"
    text += f" ({', '.join(confirmed)})" if confirmed else ""
    if below:
        text += f"; the published gain lies above the whole interval in {len(below)} ({', '.join(below)})"
    return f"{text}."


def _is_below(row: Reproduced) -> bool:
    winner = row.outcome.winner
    return winner is not None and winner.decisive is not None and winner.decisive.high < row.published
