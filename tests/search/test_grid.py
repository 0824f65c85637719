"""The grid: each point once, over all families."""

import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from vsearch.search.first import first_curves
from vsearch.search.grid import GridSampler, axes
from vsearch.search.space import whole_space
from vsearch.spec import StudySpec


def frozen(point: dict[str, float | str]) -> tuple[tuple[str, float | str], ...]:
    return tuple(sorted(point.items()))


@pytest.mark.parametrize("families", [("triangle",), ("triangle", "ramp"), ("constant",)])
def test_the_grid_has_each_point_once(families: tuple[str, ...]) -> None:
    knobs = (("direction", "falling,rising"),) if "ramp" in families else ()
    spec = StudySpec(families, dataset="digits", grid_points=3, knobs=knobs)
    grid = GridSampler(spec, 1)
    points = [grid.point(index) for index in range(grid.size)]
    assert len({frozen(point) for point in points}) == grid.size
    assert grid.size == {("triangle",): 27, ("triangle", "ramp"): 27 + 18, ("constant",): 3}[families]


def test_a_point_of_several_families_holds_the_knobs_of_its_own_alone() -> None:
    grid = GridSampler(StudySpec(("triangle", "ramp"), dataset="digits", grid_points=2), 1)
    for point in map(grid.point, range(grid.size)):
        assert {name.partition(".")[0] for name in point if name != "family"} == {point["family"]}


def test_numbers_are_at_equal_distances_with_both_ends() -> None:
    found = axes({"x": FloatDistribution(0.6, 1.6), "n": CategoricalDistribution(("a", "b"))}, 5)
    assert found["x"] == pytest.approx([0.6, 0.85, 1.1, 1.35, 1.6])
    assert (found["x"][0], found["x"][-1]) == (0.6, 1.6)
    assert found["n"] == ["a", "b"]
    logarithmic = axes({"x": FloatDistribution(0.01, 1, log=True)}, 3)["x"]
    assert logarithmic == pytest.approx([0.01, 0.1, 1])


def test_the_order_depends_on_the_seed_and_spreads_the_first_points() -> None:
    one = [GridSampler(StudySpec(("constant",), grid_points=11, seed=seed), 1).point(0) for seed in range(8)]
    assert len({frozen(point) for point in one}) > 1
    grid = GridSampler(StudySpec(("constant",), grid_points=100), 1)
    (knob,) = grid.point(0)
    firsts = sorted(float(grid.point(index)[knob]) for index in range(10))
    values = [float(value) for value in axes(whole_space(StudySpec(("constant",))), 100)[knob]]
    assert max(right - left for left, right in pairwise(firsts)) < 0.25 * (values[-1] - values[0])


def test_a_grid_of_billions_of_points_costs_nothing() -> None:
    spec = StudySpec(("step",), dataset="digits", grid_points=100, knobs=(("segments", "12"),))
    tracemalloc.start()
    grid = GridSampler(spec, 1)
    grid.point(grid.size - 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grid.size == 100**23
    assert peak < 1_000_000


def test_a_study_trains_each_point_once_and_a_failed_one_again(make_study: Any, finish: Any) -> None:
    study = make_study("constant", sampler="grid", grid_points=4, trials=100)
    given = len(first_curves(study.spec))
    for number in range(given + 4):
        finish(study, state=TrialState.FAIL if number == given + 1 else TrialState.COMPLETE)
    trials = study.optuna_study.trials[given:]
    assert len({frozen(trial.params) for trial in trials}) == 4
    again, anew = finish(study), finish(study)
    assert again.trial.params == trials[1].params
    assert anew.trial.params in [trial.params for trial in trials]
