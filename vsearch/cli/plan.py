"""`vsearch plan`."""

import math
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from vsearch.cli.options import Settings, json_option, storage_options
from vsearch.cli.output import note, print_json, print_line, print_table
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.confirmation.cost import Aim, Cost

_MOST_EPOCHS = 10_000


class _Setting(NamedTuple):
    """What is trained, and how fast; of a study where one is given."""

    depth: int
    dataset: str
    images_per_second: float | None
    sd: float | None
    origins: tuple[str, ...]
    """Where numbers of a study come from, in words."""
    train_images: int | None = None
    """Of a study that takes a subset; None: all that a confirmation trains on."""


@click.command()
@click.argument("study", required=False)
@click.option("--effect", type=float, required=True, metavar="POINTS", help="The difference that is to be found.")
@click.option("--sd", type=float, metavar="POINTS", help="Of one training from seed to seed. [default: STUDY's]")
@click.option("--power", type=float, default=0.8, show_default=True, help="Probability of finding it.")
@click.option("--curves", type=int, default=1, show_default=True, help="So many are compared with the baseline.")
@click.option("--controls", is_flag=True, help="Also train the four controls of the winner.")
@click.option("--epochs", type=int, default=164, show_default=True, help="Of one training.")
@click.option("--depth", type=int, help="Layers of the network, 6n+2. [default: STUDY's, or 32]")
@click.option("--dataset", help="Name of the data set. [default: STUDY's, or cifar10]")
@click.option(
    "--images-per-second",
    type=float,
    metavar="N",
    help="Of a training, or of a device with all its slots. [default: STUDY's]",
)
@json_option
@storage_options
def plan(
    study: str | None,
    effect: float,
    sd: float | None,
    power: float,
    curves: int,
    controls: bool,
    epochs: int,
    depth: int | None,
    dataset: str | None,
    images_per_second: float | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """What a wanted certainty costs: seeds, epochs and device hours, before anything is spent.

    Counts pairs of trainings for a t test at 95 % with Bonferroni's correction; STUDY's trials give the noise and the
    speed where you give none.
    """
    from vsearch.confirmation.cost import Aim, check_aim, confirmation_images, cost_of

    _check(epochs, images_per_second)
    found = _setting(study, depth, dataset, images_per_second, sd, settings)
    if found.sd is None:
        raise InputError(_no_noise(study))
    aim = check_aim(Aim(effect, found.sd, power, curves, controls=controls))
    images = found.train_images or confirmation_images(found.dataset)

    def cost(seeds: int) -> "Cost":
        return cost_of(aim, seeds, epochs=epochs, images_per_epoch=images, images_per_second=found.images_per_second)

    if as_json:
        print_json("plan", _content(aim, found, epochs, cost))
        return
    _print(aim, found, epochs, cost)


def _check(epochs: int, images_per_second: float | None) -> None:
    if not 1 <= epochs <= _MOST_EPOCHS:
        raise InputError(f"--epochs is {epochs}; give 1 to {_MOST_EPOCHS}")
    if images_per_second is not None and not 0 < images_per_second < math.inf:
        raise InputError(f"--images-per-second is {images_per_second:g}; give a number above 0")


def _no_noise(study: str | None) -> str:
    if study is None:
        return "how much seeds vary is not known; give --sd in points (0.25 for ResNet-32 on CIFAR-10), or a study"
    return f"{study} trained no curve with two seeds, so it does not tell how much they vary; give --sd in points"


def _setting(
    study: str | None,
    depth: int | None,
    dataset: str | None,
    speed: float | None,
    sd: float | None,
    settings: Settings,
) -> _Setting:
    """What the options say and, where they say nothing, what the study does."""
    from vsearch.spec.datasets import check_dataset_name
    from vsearch.spec.depth import num_blocks

    num_blocks(32 if depth is None else depth)
    check_dataset_name("cifar10" if dataset is None else dataset)
    if study is None:
        return _Setting(32 if depth is None else depth, dataset or "cifar10", speed, sd, ())
    from vsearch import study as studies
    from vsearch.search.ranking import seed_noise

    found = studies.open_study(study, settings)
    finished = [trial for trial in found.trials() if trial.is_finished]
    depth, dataset = depth or found.spec.depth, dataset or found.spec.dataset
    origins = []
    if sd is None and (noise := seed_noise(finished)) is not None and noise.points > 0:
        sd = noise.points
        origins.append(f"the deviation is that of {study}, with {noise.degrees_of_freedom} degrees of freedom")
    speeds = [trial.images_per_second for trial in finished if trial.images_per_second > 0]
    if speed is None and speeds and (depth, dataset) == (found.spec.depth, found.spec.dataset):
        speed = median(speeds)
        origins.append(f"the speed is that of one training of {study}, as many of which as it had slots ran together")
    subset = found.spec.train_images if dataset == found.spec.dataset else None
    if subset is not None:
        origins.append(f"a confirmation of {study} trains on {subset} images as it does")
    return _Setting(depth, dataset, speed, sd, tuple(origins), subset)


def _content(aim: "Aim", setting: _Setting, epochs: int, cost: Any) -> dict[str, Any]:
    needed = cost(aim.seeds)
    return {
        "effect_points": aim.effect,
        "sd_points": aim.sd,
        "power": aim.power,
        "level": aim.level,
        "curves": aim.curves,
        "curves_per_seed": aim.trained_curves,
        "depth": setting.depth,
        "dataset": setting.dataset,
        "epochs_per_training": epochs,
        "images_per_second": setting.images_per_second,
        "notes": list(setting.origins),
        **_row(aim, needed),
        "table": [_row(aim, cost(seeds)) for seeds in _seeds()],
    }


def _row(aim: "Aim", cost: "Cost") -> dict[str, Any]:
    return {
        "seeds": cost.seeds,
        "trainings": cost.trainings,
        "epochs": cost.epochs,
        "device_hours": cost.device_hours,
        "detectable_points": aim.detectable(cost.seeds),
    }


def _print(aim: "Aim", setting: _Setting, epochs: int, cost: Any) -> None:
    needed = cost(aim.seeds)
    print_line(
        f"A difference of {aim.effect:g} points, where one training varies by {aim.sd:.3g}, is found with "
        f"a probability of {100 * aim.power:g} % by"
    )
    print_line(
        f"  {needed.seeds} seeds x {aim.trained_curves} curves = {needed.trainings} trainings of {epochs} epochs "
        f"= {needed.epochs} epochs"
    )
    if needed.device_hours is not None:
        print_line(f"  {_hours(needed)} device hours at {setting.images_per_second:.0f} images/s")
    print_line()
    print_table(
        ("seeds", "trainings", "epochs", "device hours", "finds, points"),
        [
            (row.seeds, row.trainings, row.epochs, _hours(row), f"{aim.detectable(row.seeds):.2f}")
            for row in (cost(seeds) for seeds in _seeds())
        ],
    )
    for origin in setting.origins:
        note(origin)
    if needed.device_hours is None:
        note(_no_hours(setting))


def _seeds() -> tuple[int, ...]:
    from vsearch.confirmation.cost import SHOWN_SEEDS

    return SHOWN_SEEDS


def _hours(cost: "Cost") -> str:
    return "-" if cost.device_hours is None else f"{cost.device_hours:.3g}"


def _no_hours(setting: _Setting) -> str:
    if setting.images_per_second is not None:
        return f"how many images {setting.dataset} has is not known here, so device hours are not either"
    return (
        "device hours need the speed of your device: give --images-per-second (`vsearch worker list` shows it while "
        f"one trains), or a study of resnet{setting.depth} on {setting.dataset} that was trained on it"
    )
