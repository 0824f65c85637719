"""A study in sentences: never more than the numbers allow."""

import shlex
from typing import Any

import click
import pytest

from vsearch.cli.app import app
from vsearch.curves import Levels
from vsearch.reports.study_data import StudyData
from vsearch.reports.summary import next_command, question, summary
from vsearch.spec import StudySpec


def searched(trial: Any, data: Any, best: float, number: int = 48, **changes: Any) -> StudyData:
    """A baseline of 90.00 % and `number` curves, of which the best scores `best`; evaluation noise is 0.424 points."""
    scores = [best, *(0.89 + n / 100_000 for n in range(number - 1))]
    trials = [trial(1 + n, score, f"triangle peak={1.2 + n / 1000} floor=0.8") for n, score in enumerate(scores)]
    built: StudyData = data(trial(0, 0.9, role="baseline"), *trials, **{"trials": 100, **changes})
    return built


def test_question_names_families_network_and_data_set() -> None:
    assert question(StudySpec(families=("triangle",))) == "Which triangle curve beats the plain ResNet-32 on CIFAR-10?"
    several = StudySpec(families=("triangle", "ramp", "step"), dataset="cifar100", depth=56)
    assert question(several) == "Which triangle, ramp or step curve beats the plain ResNet-56 on CIFAR-100?"
    folder = StudySpec(families=("ramp",), dataset="folder:/data/x", epochs=3)
    assert question(folder) == "Which ramp curve beats the plain ResNet-32 on folder:/data/x?"


def test_best_stands_beside_the_baseline(trial: Any, data: Any) -> None:
    told = summary(searched(trial, data, 0.908))
    assert told.best is not None
    assert told.best.number == 1
    assert told.difference == pytest.approx(0.8)
    assert told.headline == (
        "Best so far: Triangle(peak=1.2, floor=0.8, apex=8) (trial 1), 90.80 % validation accuracy, "
        "+0.80 points to the baseline."
    )


def test_lead_below_the_luck_of_many_shows_nothing(trial: Any, data: Any) -> None:
    """The best of 48 lies 2.228 deviations of 0.424 points above the others: 0.95 points."""
    told = summary(searched(trial, data, 0.908))
    assert told.luck == pytest.approx(2.2276 * 0.42426, abs=1e-3)
    assert told.how_sure.startswith(
        "The lead of +0.80 points is no more than the +0.95 that the best of 48 equal curves can show by luck alone: "
        "nothing is shown yet."
    )


def test_lead_above_that_luck_is_worth_confirming_and_no_more(trial: Any, data: Any) -> None:
    told = summary(searched(trial, data, 0.912))
    assert "is more than the +0.95" in told.how_sure
    assert "but the seeds' part is missing in that: worth confirming, not confirmed." in told.how_sure
    assert "of the seeds not known, as no curve was trained with two seeds" in told.how_sure


def test_known_seed_noise_is_counted_and_told(trial: Any, data: Any) -> None:
    """Seeds 0.4 points apart: 0.283 for one training, 0.2 for the mean of two."""
    trials = [trial(1 + n, 0.9 + n / 1000, f"triangle peak={1.2 + n / 1000} floor=0.8") for n in range(30)]
    told = summary(data(trial(0, 0.9, role="baseline", accuracies=(0.898, 0.902)), *trials[1:], replicates=2))
    assert told.noise.points == pytest.approx((0.2**2 + 0.42426**2) ** 0.5, abs=1e-4)
    assert told.how_sure.endswith(
        "not confirmed. Noise of one score: 0.42 points of the evaluation, 0.20 points of the seeds."
    )
    assert "missing" not in told.how_sure


def test_pruned_curves_competed_too(trial: Any, data: Any) -> None:
    study = searched(trial, data, 0.908, number=8)
    pruned = [trial(50 + n, 0.5, "triangle peak=1.4 floor=0.8", state="pruned") for n in range(40)]
    assert summary(data(*study.trials, *pruned)).candidates == 48


@pytest.mark.parametrize(
    ("best", "end"), [(0.908, "nothing is shown yet."), (0.92, "worth confirming, not confirmed.")]
)
def test_one_curve_is_a_difference_of_two_scores(trial: Any, data: Any, best: float, end: str) -> None:
    """Which varies by 0.424 times the root of 2."""
    told = summary(searched(trial, data, best, number=1)).how_sure
    assert f"such a one varies by 0.60 points by chance: {end}" in told


def test_no_curve_above_the_baseline_is_told_so(trial: Any, data: Any) -> None:
    told = summary(searched(trial, data, 0.9, number=5))
    assert told.best is not None
    assert told.best.role == "baseline"
    assert told.headline == "Best so far: the baseline (trial 0), 90.00 % validation accuracy."
    assert told.how_sure == "No curve beats the baseline yet, of 5 tried."


def test_unknown_noise_shows_nothing(trial: Any, data: Any) -> None:
    told = summary(searched(trial, data, 0.95, number=5, dataset="folder:/x"))
    assert told.luck is None
    assert told.how_sure.endswith("so the lead of +5.00 points, the best of 5, shows nothing yet.")


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ((), "Nothing can be said before a trial has finished."),
        (("pruned", "pruned"), "Nothing can be said before a trial has finished."),
        (("finished",), "The baseline has not finished, so there is nothing to compare with yet."),
    ],
)
def test_what_is_missing_is_said(trial: Any, data: Any, states: tuple[str, ...], sentence: str) -> None:
    trials = [trial(1 + n, 0.5, "triangle peak=1.2 floor=0.8", state=state) for n, state in enumerate(states)]
    assert summary(data(*trials)).how_sure == sentence


def test_only_the_baseline_is_nothing_to_compare(trial: Any, data: Any) -> None:
    assert summary(data(trial(0, 0.9, role="baseline"))).how_sure.startswith("Only the baseline has been trained")


def test_free_levels_of_a_deep_network_do_not_hide_the_difference(trial: Any, data: Any) -> None:
    deep = trial(1, 0.91, Levels((0.8125,) * 54), num_blocks=54)
    told = summary(data(trial(0, 0.9, role="baseline", num_blocks=54), deep, depth=110))
    assert "+1.00 points" in told.headline
    assert len(told.headline) < 300


def test_budget_counts_trials_epochs_and_hours(trial: Any, data: Any) -> None:
    told = summary(
        data(
            trial(0, 0.9, role="baseline", learning_curve=[0.9] * 8, seconds=3600),
            trial(1, 0.5, "triangle peak=1.2 floor=0.8", state="pruned", learning_curve=[0.5] * 2, seconds=1800),
            trial(2, 0.5, "triangle peak=1.2 floor=0.8", state="running", learning_curve=[0.5] * 4, seconds=0),
            trial(3, None, "triangle peak=1.2 floor=0.8", state="failed", seconds=0),
            trials=20,
            max_epochs=100,
            max_device_hours=10,
        )
    )
    assert told.budget == (
        "Budget: 2 of 20 trials (1 finished, 1 pruned), 1 running, 1 failed, 10 of 100 epochs, 1.50 of 10 device "
        "hours; the study is open."
    )


def states(trial: Any, *names: str) -> list[Any]:
    return [
        trial(n, 0.5, "triangle peak=1.2 floor=0.8", state=name, learning_curve=[0.5] * 8)
        for n, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("names", "state", "spec", "command"),
    [
        ((), "open", {}, "vsearch study run s"),
        (("finished", "running"), "open", {}, "vsearch study watch s"),
        (("finished",), "stopped", {}, "vsearch study resume s"),
        (("finished",), "paused", {}, "vsearch study resume s"),
        (("finished",), "cancelled", {}, "vsearch study resume s"),
        (("finished", "pruned"), "open", {"trials": 2}, "vsearch confirm s"),
        (("finished", "pruned"), "stopped", {"trials": 2}, "vsearch confirm s"),
        (("pruned", "pruned"), "open", {"trials": 2}, "vsearch trial list s"),
        (("finished",), "open", {"max_epochs": 15}, "vsearch confirm s"),
        (("finished",), "open", {"max_epochs": 16}, "vsearch study run s"),
        (("finished",), "open", {"max_device_hours": 0.01}, "vsearch confirm s"),
        (("failed", "failed"), "open", {"max_failed": 2}, "vsearch trial list s --state failed"),
        (("failed",), "open", {"max_failed": 2}, "vsearch study run s"),
    ],
)
def test_next_command_fits_the_state_and_exists(
    trial: Any, data: Any, names: tuple[str, ...], state: str, spec: dict[str, Any], command: str
) -> None:
    study = data(*states(trial, *names), state=state, name="s", **spec)
    assert next_command(study) == command
    accepted(command)


def accepted(command: str) -> None:
    """Walk down the program's commands as Click does; a command or option that is not there fails."""
    program, *words = shlex.split(command)
    assert program == "vsearch"
    found: click.Command = app
    context = click.Context(app, info_name="vsearch")
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        _, inner, words = found.resolve_command(context, words)
        assert inner is not None
        found, context = inner, click.Context(inner, parent=context, info_name=inner.name)
    found.make_parser(context).parse_args(args=list(words))


def test_used_up_budget_is_said(trial: Any, data: Any) -> None:
    assert summary(data(*states(trial, "finished"), trials=1)).budget.endswith("; it is used up.")
    assert summary(data(*states(trial, "failed"), max_failed=1)).budget.endswith("; too many failed for more.")


def test_lines_are_one_line_each(trial: Any, data: Any) -> None:
    told = summary(searched(trial, data, 0.912))
    assert told.lines()[0] == told.question
    assert told.lines()[-1] == f"Next: vsearch study run {told.study}"
    assert not any("\n" in line for line in told.lines())
