"""What a certainty costs, as text and as JSON."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from vsearch.cli.output import note, print_json, print_line, print_table

if TYPE_CHECKING:
    from vsearch.confirmation.cost import Aim, Cost, Expected
    from vsearch.confirmation.until_sure import UntilSure


class Setting(NamedTuple):
    """What is trained, and how fast; of a study where one is given."""

    depth: int
    dataset: str
    images_per_second: float | None
    sd: float | None
    origins: tuple[str, ...]
    """Where numbers of a study come from, in words."""
    train_images: int | None = None
    """Of a study that takes a subset; None: all that a confirmation trains on."""


class Reckoning(NamedTuple):
    """All that `vsearch plan` tells."""

    aim: "Aim"
    setting: Setting
    epochs: int
    """Of one training."""
    cost: "Callable[[int], Cost]"
    """Of so many seeds."""
    rule: "UntilSure | None"
    expected: "tuple[Expected, ...]"
    """What it comes to with that rule: if a curve has the effect, and if none has any."""


def print_plan(reckoning: Reckoning, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        print_json("plan", _content(reckoning))
        return
    needed = _print_fixed(reckoning)
    if reckoning.rule is not None:
        _print_until_sure(reckoning, reckoning.rule)
    for origin in reckoning.setting.origins:
        note(origin)
    if needed.device_hours is None:
        note(_no_hours(reckoning.setting))


def _content(reckoning: Reckoning) -> dict[str, Any]:
    aim, setting = reckoning.aim, reckoning.setting
    return {
        "effect_points": aim.effect,
        "sd_points": aim.sd,
        "power": aim.power,
        "level": aim.level,
        "curves": aim.curves,
        "curves_per_seed": aim.trained_curves,
        "depth": setting.depth,
        "dataset": setting.dataset,
        "epochs_per_training": reckoning.epochs,
        "images_per_second": setting.images_per_second,
        "notes": list(setting.origins),
        **_row(aim, reckoning.cost(aim.seeds)),
        "table": [_row(aim, reckoning.cost(seeds)) for seeds in _seeds()],
        "until_sure": _until_sure_content(reckoning),
    }


def _row(aim: "Aim", cost: "Cost") -> dict[str, Any]:
    return {
        "seeds": cost.seeds,
        "trainings": cost.trainings,
        "epochs": cost.epochs,
        "device_hours": cost.device_hours,
        "detectable_points": aim.detectable(cost.seeds),
    }


def _until_sure_content(reckoning: Reckoning) -> dict[str, Any] | None:
    rule = reckoning.rule
    if rule is None:
        return None
    from vsearch.statistics.prospects import SIMULATIONS

    return {
        "worthwhile_points": rule.worthwhile,
        "first_seeds": rule.first,
        "max_seeds": rule.max_seeds,
        "simulations": SIMULATIONS,
        "cases": [
            {
                "effect_points": expected.effect,
                **_ends(expected),
                "mean_seeds": expected.prospects.seeds,
                "seeds_of_nine_in_ten": expected.prospects.most_seeds,
                "mean_trainings": expected.trainings,
                "mean_device_hours": _mean_hours(reckoning, expected),
            }
            for expected in reckoning.expected
        ],
    }


def _ends(expected: "Expected") -> dict[str, float]:
    shares = expected.prospects.shares
    given_up = shares["futile"] + shares["worse"]
    return {"confirmed": shares["confirmed"], "given_up": given_up, "undecided": shares["spent"]}


def _print_fixed(reckoning: Reckoning) -> "Cost":
    aim, epochs = reckoning.aim, reckoning.epochs
    needed = reckoning.cost(aim.seeds)
    print_line(
        f"A difference of {aim.effect:g} points, where one training varies by {aim.sd:.3g}, is found with "
        f"a probability of {100 * aim.power:g} % by"
    )
    print_line(
        f"  {needed.seeds} seeds x {aim.trained_curves} curves = {needed.trainings} trainings of {epochs} epochs "
        f"= {needed.epochs} epochs"
    )
    if needed.device_hours is not None:
        print_line(
            f"  {_hours(needed.device_hours)} device hours at {reckoning.setting.images_per_second:.0f} images/s"
        )
    print_line()
    print_table(
        ("seeds", "trainings", "epochs", "device hours", "finds, points"),
        [
            (row.seeds, row.trainings, row.epochs, _hours(row.device_hours), f"{aim.detectable(row.seeds):.2f}")
            for row in map(reckoning.cost, _seeds())
        ],
    )
    return needed


def _print_until_sure(reckoning: Reckoning, rule: "UntilSure") -> None:
    from vsearch.statistics.futility import HOPELESS
    from vsearch.statistics.prospects import SIMULATIONS

    print_line()
    print_line(
        f"Until sure: {rule.first} seeds, then {rule.step} more at a time for the curves that are undecided, at most "
        f"{rule.max_seeds}; given up below {rule.worthwhile:g} points, and where those {rule.max_seeds} would confirm "
        f"them with less than {100 * HOPELESS:g} % ({SIMULATIONS} simulated studies)"
    )
    print_line()
    print_table(
        ("if", "confirmed", "given up", "undecided", "mean seeds", "9 of 10", "trainings", "device hours"),
        [
            (
                _case(reckoning.aim, expected),
                *(f"{100 * share:.0f} %" for share in _ends(expected).values()),
                f"{expected.prospects.seeds:.1f}",
                str(expected.prospects.most_seeds),
                f"{expected.trainings:.0f}",
                _hours(_mean_hours(reckoning, expected)),
            )
            for expected in reckoning.expected
        ],
    )


def _case(aim: "Aim", expected: "Expected") -> str:
    if not expected.effect:
        return "no curve is better"
    return f"{'the' if aim.curves == 1 else 'one'} curve is better by {expected.effect:g}"


def _mean_hours(reckoning: Reckoning, expected: "Expected") -> float | None:
    one = reckoning.cost(1)
    return None if one.device_hours is None else one.device_hours / one.trainings * expected.trainings


def _seeds() -> tuple[int, ...]:
    from vsearch.confirmation.cost import SHOWN_SEEDS

    return SHOWN_SEEDS


def _hours(hours: float | None) -> str:
    return "-" if hours is None else f"{hours:.3g}"


def _no_hours(setting: Setting) -> str:
    if setting.images_per_second is not None:
        return f"how many images {setting.dataset} has is not known here, so device hours are not either"
    return (
        "device hours need the speed of your device: give --images-per-second (`vsearch worker list` shows it while "
        f"one trains), or a study of resnet{setting.depth} on {setting.dataset} that was trained on it"
    )
