"""What a confirmation costs."""

import pytest

from vsearch.confirmation.cost import Aim, confirmation_images, cost_of, until_sure
from vsearch.confirmation.until_sure import UntilSure
from vsearch.errors import InputError
from vsearch.statistics import pairs_needed


def test_trainings_are_seeds_times_curves_baseline_and_controls() -> None:
    assert [Aim(0.3, 0.25, curves=k, controls=c).trained_curves for k, c in ((1, False), (3, False), (3, True))] == [
        2,
        4,
        8,
    ]
    found = cost_of(Aim(0.3, 0.25, curves=3), 5, epochs=10, images_per_epoch=50, images_per_second=10)
    assert (found.trainings, found.epochs, found.images) == (20, 200, 10_000)
    assert found.device_hours == pytest.approx(1000 / 3600)


def test_without_images_or_speed_no_hours_are_known() -> None:
    aim = Aim(0.3, 0.25)
    assert cost_of(aim, 5, epochs=10, images_per_epoch=None, images_per_second=10).device_hours is None
    assert cost_of(aim, 5, epochs=10, images_per_epoch=50, images_per_second=None).device_hours is None


def test_seeds_and_detectable_differences_share_the_error_between_curves() -> None:
    aim = Aim(0.3, 0.25, power=0.9, curves=4)
    assert aim.seeds == pairs_needed(0.3, 0.25, power=0.9, comparisons=4)
    assert aim.detectable(aim.seeds) <= 0.3 < aim.detectable(aim.seeds - 1)


def test_a_confirmation_trains_on_the_whole_official_training_split() -> None:
    assert confirmation_images("cifar10") == 50_000
    assert confirmation_images("folder:/flowers") is None


def test_until_sure_counts_the_baseline_each_curve_and_the_controls_of_the_first() -> None:
    plain = until_sure(Aim(0.5, 0.25, curves=2), UntilSure(), 0.5)
    seeds = plain.prospects
    assert plain.trainings == pytest.approx(seeds.seeds + sum(seeds.seeds_of))
    controlled = until_sure(Aim(0.5, 0.25, curves=2, controls=True), UntilSure(), 0.5)
    assert controlled.trainings == pytest.approx(plain.trainings + 4 * seeds.seeds_of[0])


@pytest.mark.parametrize(
    ("curves", "max_seeds", "message"),
    [(101, 20, "--curves is 101; --until-sure is simulated for 100 at most"), (1, 101, "--max-seeds is 101")],
)
def test_what_would_be_simulated_for_minutes_is_refused(curves: int, max_seeds: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        until_sure(Aim(0.5, 0.25, curves=curves), UntilSure(max_seeds=max_seeds), 0.5)
