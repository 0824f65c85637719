"""What a confirmation costs, and what it can find, before anything is spent."""

from dataclasses import dataclass

from vsearch.confirmation.until_sure import UntilSure
from vsearch.errors import InputError
from vsearch.spec.datasets import dataset_info
from vsearch.statistics import Prospects, detectable_difference, pairs_needed, prospects

CONTROLS = 4
"""Of the winner: constant of equal mean, constant of equal geometric mean, reversed, a shuffle."""
SHOWN_SEEDS = (3, 5, 10, 20)
MOST_SIMULATED = 100
"""Curves, and seeds, that are simulated: a few seconds."""


@dataclass(frozen=True)
class Aim:
    """What is to be found: a difference of `effect` points, with which probability, among how many curves."""

    effect: float
    sd: float
    """Of one training from seed to seed, in points."""
    power: float = 0.8
    curves: int = 1
    """Each is compared with the baseline, and the error shared between them."""
    level: float = 0.95
    controls: bool = False

    @property
    def seeds(self) -> int:
        """So many pairs find the difference with probability `power`.

        Raises:
            InputError: a number out of its range.
        """
        return pairs_needed(self.effect, self.sd, power=self.power, level=self.level, comparisons=self.curves)

    @property
    def trained_curves(self) -> int:
        """Curves that each seed trains: those to confirm, the baseline and, if wanted, the controls."""
        return self.curves + 1 + (CONTROLS if self.controls else 0)

    def detectable(self, seeds: int) -> float:
        """The smallest difference that so many seeds find with probability `power`, in points."""
        return detectable_difference(self.sd, seeds, power=self.power, level=self.level, comparisons=self.curves)


@dataclass(frozen=True)
class Cost:
    """What so many seeds take."""

    seeds: int
    trainings: int
    epochs: int
    images: int | None
    """Trained on; None where the size of the data set is not known."""
    device_hours: float | None
    """Of training, one after the other; None without images or speed."""


def cost_of(
    aim: Aim, seeds: int, *, epochs: int, images_per_epoch: int | None, images_per_second: float | None
) -> Cost:
    """The trainings, epochs, images and device hours of `seeds` seeds; validation and waiting are not counted."""
    trainings = seeds * aim.trained_curves
    images = None if images_per_epoch is None else trainings * epochs * images_per_epoch
    hours = None if images is None or images_per_second is None else images / images_per_second / 3600
    return Cost(seeds, trainings, trainings * epochs, images, hours)


@dataclass(frozen=True)
class Expected:
    """What becomes of a confirmation that adds seeds until it is sure, if one curve has a given difference."""

    effect: float
    """The true difference of the first curve, in points; the others have none."""
    prospects: Prospects
    trainings: float
    """On average."""


def until_sure(aim: Aim, rule: UntilSure, effect: float) -> Expected:
    """Simulated studies of so many curves; the controls get the seeds of the first one.

    Raises:
        InputError: there is too much to simulate.
    """
    for flag, number in (("curves", aim.curves), ("max-seeds", rule.max_seeds)):
        if number > MOST_SIMULATED:
            raise InputError(f"--{flag} is {number}; --until-sure is simulated for {MOST_SIMULATED} at most")
    found = prospects(
        (effect, *[0.0] * (aim.curves - 1)),
        aim.sd,
        worthwhile=rule.worthwhile,
        max_seeds=rule.max_seeds,
        first=rule.first,
        step=rule.step,
        level=aim.level,
    )
    controls = CONTROLS * found.seeds_of[0] if aim.controls else 0.0
    return Expected(effect, found, found.seeds + sum(found.seeds_of) + controls)


def confirmation_images(dataset: str) -> int | None:
    """Images that a confirmation trains on: train and validation part together; None for a folder's.

    Raises:
        InputError: no data set has that name.
    """
    info = dataset_info(dataset)
    return None if info is None else info.whole_train_images


def check_aim(aim: Aim) -> Aim:
    """`aim` itself, with numbers that can be reckoned with.

    Raises:
        InputError: a number out of its range, with the name of its option.
    """
    for name, number, high in (("effect", aim.effect, 100.0), ("sd", aim.sd, 100.0)):
        if not 0 < number <= high:
            raise InputError(f"--{name} is {number:g}; give points (percent) above 0, at most {high:g}, such as 0.3")
    if not 0.1 <= aim.power <= 0.999:
        raise InputError(f"--power is {aim.power:g}; give a probability from 0.1 to 0.999, such as 0.8")
    if not 1 <= aim.curves <= 1000:
        raise InputError(f"--curves is {aim.curves}; give 1 to 1000")
    return aim
