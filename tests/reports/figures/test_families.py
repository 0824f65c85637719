"""Families compared: what may stand in one panel, and the numbers in it."""

from typing import Any

import pytest

from vsearch.reports.chart import Label, Points, Rule
from vsearch.reports.figures.families import families_chart, families_info
from vsearch.reports.study_data import StudyData
from vsearch.spec import RECIPES


def searched(trial: Any, data: Any, family: str = "triangle", scores: Any = (0.8, 0.82), **spec: Any) -> StudyData:
    """A baseline of 0.80 and search trials with these scores."""
    curve = {"triangle": "triangle peak=1.2 floor=0.8", "ramp": "ramp peak=1.2 floor=0.9"}[family]
    trials = [trial(1 + number, score, curve, seconds=3600) for number, score in enumerate(scores)]
    built: StudyData = data(trial(0, 0.8, role="baseline", seconds=3600), *trials, **{"families": (family,), **spec})
    return built


def test_families_of_two_studies_stand_beside_each_other_best_first(trial: Any, data: Any) -> None:
    info = families_info(
        [
            searched(trial, data, "ramp", [0.7, 0.81], name="a"),
            searched(trial, data, "triangle", [0.8, 0.83, 0.6], name="b"),
        ]
    )
    (row,) = info.settings
    assert row.title == "CIFAR-10, ResNet-32"
    triangle, ramp = row.families
    assert (triangle.family, triangle.best, triangle.study, triangle.number) == ("triangle", 0.83, "b", 2)
    assert triangle.difference == pytest.approx(3)
    assert ramp.difference == pytest.approx(1)
    assert (triangle.trials, ramp.trials) == (3, 2)
    assert (triangle.device_hours, ramp.device_hours) == (3, 2)  # without the baselines'
    assert row.baselines == (0.8, 0.8)


def test_spread_is_median_and_tenths_of_search_trials_alone(trial: Any, data: Any) -> None:
    scores = [number / 100 for number in range(50, 61)]
    study = searched(trial, data, scores=scores)
    paper = trial(99, 0.9, "triangle peak=1.3 floor=0.8", role="paper")
    (row,) = families_info([data(*study.trials, paper)]).settings
    (entry,) = row.families
    assert (entry.median, entry.low, entry.high) == pytest.approx((0.55, 0.51, 0.59))
    assert (entry.finished, entry.trials, entry.best, entry.number) == (11, 12, 0.9, 99)


def test_trials_of_one_study_count_for_the_family_of_their_curve(trial: Any, data: Any) -> None:
    study = data(
        trial(0, 0.8, role="baseline"),
        trial(1, 0.81, "triangle peak=1.2 floor=0.8"),
        trial(2, 0.85, "ramp peak=1.2 floor=0.9", seconds=1800),
        trial(3, 0.5, "ramp peak=1.3 floor=0.9", state="pruned", seconds=1800),
        trial(4, None, "ramp peak=1.4 floor=0.9", state="failed", seconds=1800),
        families=("triangle", "ramp", "bump"),
    )
    (row,) = families_info([study]).settings
    assert [(entry.family, entry.best, entry.trials) for entry in row.families] == [
        ("ramp", 0.85, 2),
        ("triangle", 0.81, 1),
        ("bump", None, 0),
    ]
    assert row.families[0].device_hours == pytest.approx(1.5)  # what failed costs too


def test_device_hours_are_those_for_which_workers_held_trials(trial: Any, data: Any) -> None:
    study = searched(trial, data, scores=[0.8])
    held = StudyData(study.spec, 1, "open", study.trials, {0: 7200.0, 1: 36000.0})
    assert families_info([held]).settings[0].families[0].device_hours == 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 16}, ("16 epochs", "8 epochs")),
        ({"train_images": 5000}, ("5000 training images", "all training images")),
        ({"validation_images": 500}, ("500 validation images", "all validation images")),
        ({"split_seed": 3}, ("split 0", "split 3")),
        ({"replicates": 3}, ("1 seed each", "3 seeds each")),
        ({"recipe": RECIPES["he2015"]}, ("recipe he2015", "recipe short")),
        (
            {"recipe": RECIPES["short"].override(learning_rate=0.05)},
            ("learning_rate 0.05", "learning_rate 0.1"),
        ),
    ],
)
def test_what_was_trained_or_scored_differently_stands_in_panels_of_its_own(
    trial: Any, data: Any, changes: dict[str, Any], words: tuple[str, str]
) -> None:
    info = families_info([searched(trial, data, name="a"), searched(trial, data, name="b", **changes)])
    assert tuple(sorted(row.words for row in info.settings)) == words
    assert families_chart(info).panels[0].title == f"CIFAR-10, ResNet-32, {words[0]}"


def test_search_and_budget_may_differ(trial: Any, data: Any) -> None:
    other = searched(trial, data, name="b", sampler="random", pruner="none", trials=7, seed=5, max_epochs=900)
    (row,) = families_info([searched(trial, data, name="a"), other]).settings
    assert row.families[0].studies == ("a", "b")
    assert row.families[0].trials == 4


def test_difference_is_to_the_baseline_of_the_best_ones_own_study(trial: Any, data: Any) -> None:
    high = searched(trial, data, scores=[0.81], name="a")
    low = data(trial(0, 0.7, role="baseline"), trial(1, 0.805, "triangle peak=1.2 floor=0.8"), name="b")
    (row,) = families_info([low, high]).settings
    assert row.families[0].study == "a"
    assert row.families[0].difference == pytest.approx(1)
    assert row.baselines == (0.8, 0.7)


def test_six_panels_at_most_and_the_note_names_the_rest(trial: Any, data: Any) -> None:
    depths = [8, 14, 20, 26, 32, 38, 44, 50]
    studies = [searched(trial, data, scores=[0.8] * (1 + place), depth=depth) for place, depth in enumerate(depths)]
    chart = families_chart(families_info(studies))
    assert [panel.title for panel in chart.panels] == [f"CIFAR-10, ResNet-{depth}" for depth in depths[2:]]
    assert "Not shown, for want of room: CIFAR-10, ResNet-8; CIFAR-10, ResNet-14." in chart.note
    assert "ResNet-8:" in chart.alternative  # the words tell all of them


def test_picture_has_bests_medians_baseline_and_costs(trial: Any, data: Any) -> None:
    studies = [searched(trial, data, "ramp", [0.7, 0.81]), searched(trial, data, scores=[0.8, 0.83, 0.6])]
    panel = families_chart(families_info(studies)).panels[0]
    bests = next(mark for mark in panel.marks if isinstance(mark, Points) and mark.name == "best")
    assert (bests.x, bests.y) == ((0.0, 1.0), (0.83, 0.81))
    assert panel.x.ticks == ((0, "triangle"), (1, "ramp"))
    assert [mark.text for mark in panel.marks if isinstance(mark, Label)] == ["3 trials, 3 h", "2 trials, 2 h"]
    assert [mark.at for mark in panel.marks if isinstance(mark, Rule)] == [0.8, 0.8]
    assert "best 83.00 % (trial 2 of" in bests.hover[0]
    assert "+3.00 points" in bests.hover[0]


@pytest.mark.parametrize(
    ("settings", "families", "labels"),
    [(1, 4, "1 trial, 1 h"), (1, 6, "1 h"), (2, 2, "1 trial, 1 h"), (2, 4, "1 h"), (6, 6, "1 h")],
)
def test_costs_above_a_panel_never_touch_each_other(
    trial: Any, data: Any, settings: int, families: int, labels: str
) -> None:
    curves = (
        ("triangle", "triangle peak=1.2 floor=0.8"),
        ("ramp", "ramp peak=1.2 floor=0.9"),
        ("bump", "bump peak=1.2 floor=0.9 apex=5 width=3"),
        ("constant", "constant value=1.1"),
        ("step", "step segments=2 level_1=1.1 level_2=1.2"),
        ("stage", "stage level_1=1 level_2=1.1 level_3=1.2"),
    )[:families]
    trials = [trial(number, 0.8, curve, seconds=3600) for number, (_, curve) in enumerate(curves)]
    spec = {"families": tuple(name for name, _ in curves)}
    studies = [data(*trials, epochs=8 + number, **spec) for number in range(settings)]
    for panel in families_chart(families_info(studies)).panels:
        texts = [mark.text for mark in panel.marks if isinstance(mark, Label)]
        assert texts == ([labels] * families)


def test_no_studies_say_so() -> None:
    assert families_chart(families_info([])).panels[0].empty == "No study to compare."


def test_every_edge_has_marks_or_a_reason(edge_study: StudyData) -> None:
    chart = families_chart(families_info([edge_study]))
    assert all(bool(panel.marks) != bool(panel.empty) for panel in chart.panels)
    assert chart.alternative
    assert "<script" not in str(chart)
