"""The figure of positions: planted truths must stand out, and chance must not."""

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from vsearch.reports.chart import Band, Bars, Chart, Line, Points
from vsearch.reports.figures.positions import positions_chart, positions_info
from vsearch.reports.study_data import StudyData
from vsearch.search.space import choice_space, family_space

Make = Callable[..., Any]
Truth = Callable[[Any], float]


def scattered(trial: Make, truth: Truth, count: int = 120, noise: float = 0.002, num_blocks: int = 15) -> list[Any]:
    """Trials with an independent scale at every block, and the accuracy `truth(scales)` with noise."""
    random = np.random.default_rng(1)
    rows = random.uniform(0.7, 1.5, (count, num_blocks)).round(4)
    return [
        trial(number, float(truth(row) + random.normal(0, noise)), None, scales=tuple(row.tolist()))
        for number, row in enumerate(rows)
    ]


def bars(chart: Chart) -> Bars:
    (found,) = [mark for mark in chart.panels[1].marks if isinstance(mark, Bars)]
    return found


def test_the_block_on_which_accuracy_depends_stands_out(trial: Make, data: Make) -> None:
    info = positions_info(data(*scattered(trial, lambda scales: 0.80 + 0.02 * scales[2])))
    assert info.standout is not None
    assert info.standout.block == 3
    effect = info.standout.effect
    assert effect is not None
    assert effect == pytest.approx(2 * 0.8 * 2 / 3, abs=0.15)  # thirds lie two thirds of the range apart
    others = [block for block in info.blocks if block.block != 3]
    assert max(block.explained for block in others) < 0.1 < info.standout.explained
    assert sum(abs(block.effect or 0) > block.half for block in others) <= 2
    assert positions_chart(info).title == "Where it matters: most at block 3 (high scales are best)"


def test_a_best_scale_in_the_middle_is_found_too(trial: Make, data: Make) -> None:
    info = positions_info(data(*scattered(trial, lambda scales: 0.82 - 0.1 * (scales[9] - 1.1) ** 2)))
    assert info.standout is not None
    assert info.standout.block == 10
    assert info.standout.effect == pytest.approx(0, abs=0.2)
    assert positions_chart(info).title == "Where it matters: most at block 10 (middle scales are best)"


def test_chance_makes_no_block_stand_out(trial: Make, data: Make) -> None:
    info = positions_info(data(*scattered(trial, lambda _: 0.8)))
    assert info.standout is None
    assert positions_chart(info).title == "Where it matters: no block stands out"


def test_collapsed_trainings_do_not_hide_an_effect(trial: Make, data: Make) -> None:
    trials = scattered(trial, lambda scales: 0.80 + 0.02 * scales[2])
    collapsed = [replace(t, accuracy=0.1) if t.number in (5, 50) else t for t in trials]
    info = positions_info(data(*collapsed))
    assert info.standout is not None
    assert info.standout.block == 3


def test_pruned_trials_are_left_out_and_told(trial: Make, data: Make) -> None:
    pruned = [replace(t, state="pruned", number=500 + t.number) for t in scattered(trial, lambda s: 0.5 * s[7])]
    info = positions_info(data(*scattered(trial, lambda scales: 0.80 + 0.02 * scales[2]), *pruned))
    assert (info.trials, info.pruned) == (120, 120)
    assert info.standout is not None
    assert info.standout.block == 3
    assert "120 pruned trials had fewer epochs and are left out" in positions_chart(info).note


def test_a_block_where_all_scales_are_equal_is_a_gap(trial: Make, data: Make) -> None:
    trials = scattered(trial, lambda scales: 0.8 + 0.02 * scales[2])
    fixed = [replace(t, scales=(*t.scales[:7], 1.0, *t.scales[8:])) for t in trials]
    info = positions_info(data(*fixed))
    assert info.blocks[7].effect is None
    chart = positions_chart(info)
    lines = [mark for mark in chart.panels[0].marks if isinstance(mark, Line)]
    assert [line.name for line in lines] == ["low scale", "middle scale", "high scale"]
    assert all(line.y[7] is None and line.y[6] is not None for line in lines)
    bands = [mark.x for mark in chart.panels[0].marks if isinstance(mark, Band)]
    assert bands == [tuple(range(1, 8)), tuple(range(9, 16))] * 2


def test_the_lines_are_the_means_and_the_bands_their_intervals(trial: Make, data: Make) -> None:
    info = positions_info(data(*scattered(trial, lambda scales: 0.8 + 0.02 * scales[2])))
    chart = positions_chart(info)
    high = next(mark for mark in chart.panels[0].marks if isinstance(mark, Line) and mark.name == "high scale")
    *_, band = [mark for mark in chart.panels[0].marks if isinstance(mark, Band)]
    group = info.blocks[2].high
    assert group is not None
    assert high.y[2] == group.mean
    assert [band.low[2], band.high[2]] == pytest.approx([group.mean - group.half, group.mean + group.half])


def test_a_pointer_shows_block_scales_trials_and_interval(trial: Make, data: Make) -> None:
    info = positions_info(data(*scattered(trial, lambda scales: 0.8 + 0.02 * scales[2])))
    *_, high = [mark for mark in positions_chart(info).panels[0].marks if isinstance(mark, Points)]
    group = info.blocks[2].high
    assert group is not None
    assert high.hover[2] == (
        f"block 3, high scale: {group.smallest:g} to {group.largest:g}\n40 trials, ± {group.half:.2f} points"
    )


def test_few_trials_give_the_reason(trial: Make, data: Make) -> None:
    info = positions_info(data(*scattered(trial, lambda _: 0.8, count=9)))
    by_block, by_knob = positions_chart(info).panels
    assert by_block.empty == by_knob.empty == "10 trials that trained for as many epochs are needed; there are 9."
    assert (by_block.marks, by_knob.marks) == ((), ())


def halved(trial: Make, truth: Truth, count: int = 60) -> list[Any]:
    """Trials of 8 epochs of which half were pruned at epoch 2, half of the others at 4, and nearly all of the last."""
    reached = [2 if number % 2 else 4 if number % 4 else 8 for number in range(count)]
    return [
        replace(
            found,
            state="finished" if epochs == 8 and found.number % 32 == 0 else "pruned",
            epochs=epochs,
            learning_curve=tuple((found.accuracy or 0.0) * epoch / 8 for epoch in range(1, epochs + 1)),
        )
        for found, epochs in zip(scattered(trial, truth, count=count), reached, strict=True)
    ]


def test_where_few_trials_finished_those_that_reached_a_rung_are_compared_as_they_were_there(
    trial: Make, data: Make
) -> None:
    study = data(*halved(trial, lambda scales: 0.80 + 0.05 * scales[2]), pruner="asha")
    info = positions_info(study)
    assert (info.trials, info.epoch, info.finished) == (30, 4, 2)
    assert info.standout is not None
    assert info.standout.block == 3
    chart = positions_chart(info)
    assert chart.title == "Where it matters after 4 epochs: most at block 3 (high scales are best)"
    assert "the 30 trials that reached epoch 4, as they were then (only 2 trials finished" in chart.note
    assert chart.alternative.startswith("After 4 epochs of 30 trials: The scale matters most at block 3")


def test_the_knobs_of_pruned_trials_have_their_importance_at_that_rung(
    trial: Make, data: Make, caplog: pytest.LogCaptureFixture
) -> None:
    plain: StudyData = data(pruner="asha")
    space, random = family_space(plain.spec, "triangle"), np.random.default_rng(5)
    study, results = optuna.create_study(direction="maximize"), []
    for number in range(60):
        params = {name: _drawn(random, distribution) for name, distribution in space.items()}
        curve = (0.1, 0.3 + 0.2 * params["floor"], 0.5 - 0.2 * params["peak"])  # what comes later is not asked for
        state = optuna.trial.TrialState.PRUNED
        study.add_trial(optuna.trial.create_trial(state=state, params=params, distributions=space))
        results.append(trial(number, curve[-1], None, state="pruned", learning_curve=curve))
    optuna.logging.enable_propagation()
    caplog.clear()
    info = positions_info(StudyData(plain.spec, 1, "open", tuple(results), {}, study))
    optuna.logging.disable_propagation()
    assert caplog.messages == []  # nothing of the study that is made for it
    (name, share), *_ = info.importances
    assert (info.epoch, name) == (2, "floor")
    assert share > 0.8


def test_the_note_warns_of_neighbours(trial: Make, data: Make) -> None:
    note = positions_chart(positions_info(data(*scattered(trial, lambda _: 0.8)))).note
    assert "Neighbouring blocks move together" in note


def searched(trial: Make, data: Make, score: Callable[[dict[str, Any]], float], **spec: Any) -> StudyData:
    """A study of 200 random trials in Optuna too, after a baseline from outside the ranges; families take turns."""
    plain: StudyData = data(**spec)
    study = optuna.create_study(direction="maximize")
    random, results = np.random.default_rng(2), []
    study.add_trial(optuna.trial.create_trial(value=0.8))
    for number in range(1, 201):
        family = plain.spec.families[number % len(plain.spec.families)]
        space = family_space(plain.spec, family)
        params = {name: _drawn(random, distribution) for name, distribution in space.items()}
        if choice := choice_space(plain.spec):
            space, params = space | choice, params | {"family": family}
        value = score(params) + float(random.normal(0, 0.0005))
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=value))
        results.append(trial(number, value, None))
    return StudyData(plain.spec, 1, "open", (trial(0, 0.8, role="baseline"), *results), {}, study)


def _drawn(random: np.random.Generator, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[random.integers(len(distribution.choices))]
    assert isinstance(distribution, FloatDistribution)
    return float(random.uniform(distribution.low, distribution.high))


def test_the_knob_on_which_accuracy_depends_is_the_most_important(trial: Make, data: Make) -> None:
    study = searched(trial, data, lambda knobs: 0.8 + 0.05 * knobs["floor"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = positions_info(study)
    assert {name for name, _ in info.importances} == {"peak", "floor", "apex"}
    (name, share), *_ = info.importances
    assert name == "floor"
    assert share > 0.8
    assert sum(share for _, share in info.importances) == pytest.approx(1, abs=1e-3)
    assert bars(positions_chart(info)).labels[0] == "floor"


def test_knobs_of_several_families_and_the_family_itself_have_a_share(trial: Make, data: Make) -> None:
    families = ("triangle", "ramp")
    study = searched(trial, data, lambda k: 0.8 + 0.05 * k.get("ramp.peak", 0.5), families=families)
    shares = dict(positions_info(study).importances)
    assert {"family", "triangle.peak", "triangle.floor", "ramp.peak", "ramp.floor"} <= shares.keys()
    assert max(shares, key=lambda name: shares[name]) in ("ramp.peak", "family")
    assert shares["ramp.peak"] > 3 * shares["triangle.peak"]


def test_many_knobs_show_the_most_important_ones(trial: Make, data: Make) -> None:
    knobs = (("step.segments", "12"),)
    study = searched(trial, data, lambda k: 0.8 + 0.05 * k["level_5"], families=("step",), knobs=knobs)
    chart = positions_chart(positions_info(study))
    shown = bars(chart)
    assert shown.labels[0] == "level_5"
    assert len(shown.labels) <= 12
    assert min(shown.values) >= 0.005  # smaller ones have no bar to see
    assert f"{23 - len(shown.labels)} less important knobs not shown" in chart.note


def test_equal_accuracies_say_that_importance_means_nothing(trial: Make, data: Make) -> None:
    info = positions_info(data(*(trial(number, 0.8) for number in range(12))))
    assert info.no_importances == "All compared trials have the same accuracy."
    assert info.no_blocks == "All compared trials have the same scales."


def test_every_edge_has_a_picture_or_a_reason(edge_study: StudyData) -> None:
    chart = positions_chart(positions_info(edge_study))
    for panel in chart.panels:
        assert bool(panel.marks) != bool(panel.empty)
    assert chart.alternative
    assert chart.title
    assert "NaN" not in json.dumps(chart)


@pytest.mark.parametrize("num_blocks", [3, 9, 27, 54])
def test_every_depth_has_its_blocks(trial: Make, data: Make, num_blocks: int) -> None:
    trials = scattered(trial, lambda scales: 0.8 + 0.02 * scales[2], num_blocks=num_blocks)
    info = positions_info(data(*trials, depth=2 * num_blocks + 2))
    assert [block.block for block in info.blocks] == list(range(1, num_blocks + 1))
    assert info.standout is not None
    assert info.standout.block == 3


def test_blocks_that_a_family_couples_are_named_together(trial: Make, data: Make) -> None:
    """A ramp's first blocks move as one: no statistic can say which of them matters."""
    random = np.random.default_rng(3)
    trials = []
    for number in range(60):
        first, last = random.uniform(0.8, 1.4, 2).round(4)
        score = 0.8 + 0.02 * first + random.normal(0, 0.001)
        trials.append(trial(number, float(score), None, scales=(first,) * 5 + (last,) * 10))
    info = positions_info(data(*trials))
    assert info.alike == (1, 5)
    assert positions_chart(info).title == "Where it matters: most at blocks 1 to 5 (high scales are best)"


def test_five_thousand_trials_stay_small(trial: Make, data: Make) -> None:
    trials = scattered(trial, lambda scales: 0.8 + 0.02 * scales[2], count=5000, num_blocks=54)
    chart = positions_chart(positions_info(data(*trials, depth=110)))
    assert len(json.dumps(chart)) < 30_000
