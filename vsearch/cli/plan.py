"""`vsearch plan`."""

import math
from statistics import median
from typing import TYPE_CHECKING

import click

from vsearch.cli.options import Settings, json_option, storage_options
from vsearch.cli.plan_view import Reckoning, Setting, print_plan
from vsearch.cli.until_sure_options import until_sure_options
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.confirmation.until_sure import UntilSure

_MOST_EPOCHS = 10_000


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
@until_sure_options("Also tell what adding seeds until it is sure costs, for curves that are better and that are not.")
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
    rule: "UntilSure | None",
    as_json: bool,
    settings: Settings,
) -> None:
    """What a wanted certainty costs: seeds, epochs and device hours, before anything is spent.

    Counts pairs of trainings for a t test at 95 % with Bonferroni's correction; STUDY's trials give the noise and the
    speed where you give none.
    """
    from vsearch.confirmation.cost import Aim, check_aim, confirmation_images, cost_of, until_sure

    _check(epochs, images_per_second)
    found = _setting(study, depth, dataset, images_per_second, sd, settings)
    if found.sd is None:
        raise InputError(_no_noise(study))
    aim = check_aim(Aim(effect, found.sd, power, curves, controls=controls))
    images = found.train_images or confirmation_images(found.dataset)
    reckoning = Reckoning(
        aim,
        found,
        epochs,
        lambda seeds: cost_of(
            aim, seeds, epochs=epochs, images_per_epoch=images, images_per_second=found.images_per_second
        ),
        rule,
        () if rule is None else tuple(until_sure(aim, rule, points) for points in (effect, 0.0)),
    )
    print_plan(reckoning, as_json=as_json)


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
) -> Setting:
    """What the options say and, where they say nothing, what the study does."""
    from vsearch.spec.datasets import check_dataset_name
    from vsearch.spec.depth import num_blocks

    num_blocks(32 if depth is None else depth)
    check_dataset_name("cifar10" if dataset is None else dataset)
    if study is None:
        return Setting(32 if depth is None else depth, dataset or "cifar10", speed, sd, ())
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
    return Setting(depth, dataset, speed, sd, tuple(origins), subset)
