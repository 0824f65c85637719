"""What `vsearch plan` says a certainty costs."""

from typing import TYPE_CHECKING

import pytest

from vsearch.statistics import detectable_difference, pairs_needed

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

AIM = ("plan", "--effect", "0.3", "--sd", "0.25")


def test_seeds_are_those_that_find_the_difference_and_the_rest_follows(cli: "Cli") -> None:
    content = cli(*AIM, "--curves", "3", "--controls", "--epochs", "100", "--json").json
    assert content["schema"] == "vsearch.plan/1"
    seeds = pairs_needed(0.3, 0.25, comparisons=3)
    assert content["seeds"] == seeds
    assert content["curves_per_seed"] == 3 + 1 + 4
    assert content["trainings"] == seeds * 8
    assert content["epochs"] == seeds * 8 * 100
    assert content["device_hours"] is None


def test_the_table_tells_what_three_to_twenty_seeds_find(cli: "Cli") -> None:
    table = cli(*AIM, "--json").json["table"]
    assert [row["seeds"] for row in table] == [3, 5, 10, 20]
    for row in table:
        assert row["detectable_points"] == pytest.approx(detectable_difference(0.25, row["seeds"]))
        assert row["trainings"] == 2 * row["seeds"]
        assert row["epochs"] == 2 * row["seeds"] * 164


def test_device_hours_follow_from_the_speed_and_all_images_of_the_training_split(cli: "Cli") -> None:
    content = cli(*AIM, "--images-per-second", "10000", "--json").json
    assert content["device_hours"] == pytest.approx(content["epochs"] * 50_000 / 10_000 / 3600)
    assert "device hours at 10000 images/s" in cli(*AIM, "--images-per-second", "10000").out


def test_without_a_speed_no_hours_are_claimed_and_the_way_to_them_is_told(cli: "Cli") -> None:
    shown = cli(*AIM)
    assert shown.code == 0
    assert "13 seeds x 2 curves = 26 trainings of 164 epochs = 4264 epochs" in shown.out
    assert "images/s" not in shown.out
    assert "device hours need the speed of your device: give --images-per-second" in shown.err
    assert not cli.home.exists()


def test_more_power_and_more_curves_cost_more_seeds(cli: "Cli") -> None:
    plain, *more = (
        cli(*AIM, *options, "--json").json["seeds"] for options in ((), ("--power", "0.95"), ("--curves", "8"))
    )
    assert all(seeds > plain for seeds in more)


def test_until_sure_tells_what_it_comes_to_for_a_better_curve_and_for_none(cli: "Cli") -> None:
    flags = ("--until-sure", "--worthwhile", "0.1", "--max-seeds", "30", "--images-per-second", "10000")
    content = cli(*AIM, *flags, "--json").json["until_sure"]
    assert (content["worthwhile_points"], content["first_seeds"], content["max_seeds"]) == (0.1, 4, 30)
    better, none = content["cases"]
    assert (better["effect_points"], none["effect_points"]) == (0.3, 0.0)
    assert better["confirmed"] > 0.7
    assert none["confirmed"] < 0.05
    for case in (better, none):
        assert case["confirmed"] + case["given_up"] + case["undecided"] == pytest.approx(1.0)
        assert 4 <= case["mean_seeds"] <= 30
        assert case["mean_trainings"] == pytest.approx(2 * case["mean_seeds"])
        assert case["mean_device_hours"] == pytest.approx(case["mean_trainings"] * 164 * 50_000 / 10_000 / 3600)
    shown = cli(*AIM, *flags).out
    assert "at most 30; given up below 0.1 points, and where those 30 would confirm them with less than 5 %" in shown
    assert "the curve is better by 0.3" in shown
    assert "no curve is better" in shown


def test_without_until_sure_nothing_is_simulated(cli: "Cli") -> None:
    assert cli(*AIM, "--json").json["until_sure"] is None
    assert "Until sure" not in cli(*AIM).out


def test_a_study_tells_its_speed_network_and_images(trained: "Cli") -> None:
    content = trained(*AIM, "quick", "--json").json
    assert (content["depth"], content["dataset"]) == (8, "digits")
    speeds = sorted(trial["images_per_second"] for trial in trained.trials("quick"))
    assert content["images_per_second"] == speeds[2]
    images = content["epochs"] * 256  # as many as the search took, which its confirmation takes too
    assert content["device_hours"] == pytest.approx(images / speeds[2] / 3600)
    said = trained(*AIM, "quick").err
    assert "the speed is that of one training of quick" in said
    assert "a confirmation of quick trains on 256 images as it does" in said


def test_the_speed_of_a_study_says_nothing_of_another_network(trained: "Cli") -> None:
    content = trained(*AIM, "quick", "--depth", "32", "--json").json
    assert (content["depth"], content["device_hours"]) == (32, None)


def test_options_win_over_the_study(trained: "Cli") -> None:
    content = trained(*AIM, "quick", "--images-per-second", "77", "--dataset", "cifar100", "--json").json
    assert (content["dataset"], content["images_per_second"], content["sd_points"]) == ("cifar100", 77, 0.25)


def test_a_study_without_replicates_does_not_tell_the_noise(trained: "Cli") -> None:
    shown = trained("plan", "--effect", "0.3", "quick")
    assert (shown.code, shown.out) == (2, "")
    assert shown.err == (
        "vsearch: quick trained no curve with two seeds, so it does not tell how much they vary; give --sd in points\n"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ("--effect",)),
        (("--effect", "0.3"), ("how much seeds vary is not known", "--sd")),
        (("--effect", "0", "--sd", "0.25"), ("--effect is 0", "above 0")),
        (("--effect", "nan", "--sd", "0.25"), ("--effect is nan",)),
        (("--effect", "0.3", "--sd", "-1"), ("--sd is -1", "above 0")),
        (("--effect", "0.3", "--sd", "inf"), ("--sd is inf",)),
        (("--effect", "0.3", "--sd", "0.25", "--power", "1"), ("--power is 1", "0.999")),
        (("--effect", "0.3", "--sd", "0.25", "--power", "nan"), ("--power is nan",)),
        (("--effect", "0.3", "--sd", "0.25", "--curves", "0"), ("--curves is 0", "1 to 1000")),
        (("--effect", "0.3", "--sd", "0.25", "--epochs", "0"), ("--epochs is 0", "1 to 10000")),
        (("--effect", "0.3", "--sd", "0.25", "--images-per-second", "0"), ("--images-per-second is 0", "above 0")),
        (("--effect", "0.3", "--sd", "0.25", "--images-per-second", "nan"), ("--images-per-second is nan",)),
        (("--effect", "0.3", "--sd", "0.25", "--depth", "21"), ("depth is 21", "20 and 26")),
        (("--effect", "0.3", "--sd", "0.25", "--depth", "0"), ("depth is 0",)),
        (("--effect", "0.3", "--sd", "0.25", "--dataset", "cifar11"), ("Did you mean 'cifar10'?",)),
        (("--effect", "0.3", "--sd", "0.25", "--dataset", ""), ("data set", "''")),
        (("--effect", "1e-9", "--sd", "50"), ("more than 100000 pairs",)),
        (("--effect", "0.3", "--sd", "0.25", "--max-seeds", "9"), ("--until-sure",)),
        (("--effect", "0.3", "--sd", "0.25", "--until-sure", "--max-seeds", "0"), ("seeds is 0",)),
        (("--effect", "0.3", "--sd", "0.25", "--until-sure", "--curves", "101"), ("--curves is 101", "100 at most")),
        (("--effect", "0.3", "--sd", "0.25", "nosuch"), ("nosuch",)),
    ],
)
def test_a_wrong_wish_is_refused_in_one_line(cli: "Cli", options: tuple[str, ...], words: tuple[str, ...]) -> None:
    result = cli("plan", *options)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("vsearch: ")
    assert result.err.count("\n") == 1
    assert [word for word in words if word not in result.err] == []
    assert not cli.home.exists()


def test_a_folder_whose_images_nobody_counted_gets_no_hours(cli: "Cli") -> None:
    shown = cli(*AIM, "--dataset", "folder:/flowers", "--images-per-second", "100")
    assert shown.code == 0
    assert "how many images folder:/flowers has is not known here" in shown.err
