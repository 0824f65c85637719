"""Simulated ends of sequential studies, against the rule itself asked look by look."""

from typing import Any

import numpy as np
import pytest

from vsearch.statistics import next_step, prospects
from vsearch.statistics.prospects import SIMULATIONS

SD = 0.25
RULE: dict[str, Any] = {"worthwhile": 0.2, "max_seeds": 12}


def one_study(rng: np.random.Generator, effects: tuple[float, ...]) -> tuple[str, list[int]]:
    """The verdict of one study, and the seeds of each curve, by `next_step` after 4, 6, 8, 10 and 12 seeds."""
    base = rng.normal(0.0, SD, 12)
    differences = [rng.normal(effect, SD, 12) - base for effect in effects]
    seeds = [4] * len(effects)
    for look in (4, 6, 8, 10, 12):
        given = {str(row): differences[row][: seeds[row]].tolist() for row in range(len(effects))}
        step = next_step(given, **RULE)
        if step.verdict != "more":
            break
        seeds = [look + 2 if str(row) in step.undecided else number for row, number in enumerate(seeds)]
    return step.verdict, seeds


@pytest.mark.parametrize("effects", [(0.6,), (0.0,), (0.8, -0.6, 0.0)])
def test_they_end_as_studies_do_that_ask_the_rule_after_every_look(effects: tuple[float, ...]) -> None:
    rng = np.random.default_rng(1)
    studies = [one_study(rng, effects) for _ in range(500)]
    found = prospects(effects, SD, **RULE, first=4, step=2)
    for verdict, share in found.shares.items():
        assert np.mean([ended == verdict for ended, _ in studies]) == pytest.approx(share, abs=0.07)
    seeds = np.array([seeds for _, seeds in studies])
    assert seeds.mean(axis=0) == pytest.approx(np.array(found.seeds_of), abs=0.4)
    assert seeds.max(axis=1).mean() == pytest.approx(found.seeds, abs=0.4)


def test_shares_are_of_all_studies_and_none_is_left_undecided_without_an_end() -> None:
    found = prospects((0.3, 0.0), SD, **RULE, first=4, step=2)
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert found.shares["more"] == 0.0


def test_equal_curves_are_confirmed_no_more_often_than_the_level_allows() -> None:
    for curves in (1, 4):
        found = prospects((0.0,) * curves, SD, worthwhile=0.2, max_seeds=40, first=4, step=1)
        assert found.shares["confirmed"] < 0.025 + 2 * 0.8 / 100


def test_a_curve_that_is_decided_early_gets_few_seeds_and_the_baseline_all() -> None:
    found = prospects((2.0, 0.3), SD, worthwhile=0.0, max_seeds=20, first=4, step=2)
    assert found.seeds_of[0] < 6
    assert found.seeds_of[1] > 11
    assert found.seeds == pytest.approx(found.seeds_of[1], abs=0.3)
    assert found.most_seeds == 20


def test_equal_curves_are_given_up_after_few_seeds() -> None:
    found = prospects((0.0, 0.0, 0.0), SD, worthwhile=0.2, max_seeds=20, first=4, step=2)
    assert found.shares["futile"] > 0.95
    assert found.seeds < 8


def test_fewer_seeds_than_a_study_begins_with_end_it_after_those() -> None:
    found = prospects((0.0,), SD, worthwhile=0.2, max_seeds=2, first=4, step=2)
    assert (found.seeds, found.most_seeds) == (4.0, 4)


def test_the_last_step_is_cut_at_the_seeds_that_are_allowed() -> None:
    found = prospects((0.5,), SD, worthwhile=0.0, max_seeds=7, first=4, step=2)
    assert found.most_seeds == 7


def test_the_same_question_has_the_same_answer() -> None:
    assert SIMULATIONS == 4000
    assert prospects((0.3,), SD, **RULE, first=4, step=2) == prospects((0.3,), SD, **RULE, first=4, step=2)
