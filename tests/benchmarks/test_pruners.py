"""The simulation of searches runs, keeps its budget, and its worlds are what their parameters say."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import spearmanr

SMALL = ["--repetitions", "2", "--trials", "4", "--epochs", "4", "--correlations", "0.7", "--workers", "1"]


def test_each_search_has_its_line(table: Callable[..., list[list[str]]]) -> None:
    """One table for each way to be misled, with a regret per search; the default differs from itself by 0."""
    rows = table("pruners", *SMALL, "--searches", "random/none", "tpe/asha-2-2")
    names = [row[0] for row in rows]
    assert names == ["search", "random/none", "tpe/asha-2-2"] * 2
    for row in rows:
        if row[0] != "search":
            assert float(row[1].split(" ± ")[0]) >= 0
            assert row[3] == "2"
    assert [row[2] for row in rows if row[0] == "tpe/asha-2-2"] == ["+0.00 ± 0.00"] * 2


@pytest.mark.parametrize("misled_by", ["curve", "trial"])
@pytest.mark.parametrize("correlation", [0.4, 0.9])
def test_first_epoch_ranks_as_asked(module: Callable[[str], ModuleType], misled_by: str, correlation: float) -> None:
    """Spearman's correlation of the first epoch with the last is the parameter's, and the optimum is the best."""
    pruners = module("pruners")
    world = pruners.World(pruners.Setting(16, correlation, misled_by, 30, 0.25, 2.0), repetition=3)
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 1, (800, 4))
    first, last = ([world.accuracy(point, epoch, rng.normal()) for point in points] for epoch in (1, 16))
    assert spearmanr(first, last).statistic == pytest.approx(correlation, abs=0.1)
    assert np.std(last) == pytest.approx(2.0, rel=0.15)
    assert max(last) <= world.best


@pytest.mark.parametrize("search", ["tpe/none", "random/median", "qmc/asha-1-3", "tpe/hyperband"])
def test_budget_is_counted_in_epochs(module: Callable[[str], ModuleType], search: str) -> None:
    """Without a pruner 6 full trials are 6 trials; with one there are more, of which fewer finish."""
    pruners = module("pruners")
    setting = pruners.Setting(8, 0.7, "curve", 6, 0.25, 2.0)
    result = pruners.simulate(search, setting, 1)
    assert result.regret >= 0
    assert result == pruners.simulate(search, setting, 1)
    if search == "tpe/none":
        assert (result.begun, result.finished) == (6, 6)
    else:
        assert result.begun >= 6 >= result.finished


def test_searches_are_built_from_specs(module: Callable[[str], ModuleType]) -> None:
    """`tpe/asha-4-3` is a study spec with that sampler, pruner, first rung and factor."""
    pruners = module("pruners")
    spec = pruners.spec_of("qmc/asha-4-3", pruners.Setting(27, 0.4, "trial", 30, 0.25, 2.0), 5)
    assert (spec.sampler, spec.pruner, spec.first_rung, spec.rung_factor) == ("qmc", "asha", 4, 3)
    assert (spec.epochs, spec.seed) == (27, 5)
