"""The study spec: the frozen, validated description of a study, stored with it and rebuilt from it by every worker."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

from vsearch.curves import Curve, Knob, KnobValue, family
from vsearch.errors import InputError, unknown_name
from vsearch.spec.datasets import check_dataset_name, dataset_info
from vsearch.spec.depth import num_blocks
from vsearch.spec.images import EVALUATED_ON, check_counts, parts_of
from vsearch.spec.knobs import canonical_knobs, curve_at, knobs_of, structure_of
from vsearch.spec.name import check_study_name, default_name
from vsearch.spec.number import check_interval, check_whole, shown
from vsearch.spec.planned import SEARCH, PlannedCurve, check_plan, seeds_per_curve
from vsearch.spec.recipe import RECIPES, Recipe

VERSION = 1
MAX_EPOCHS = 10_000
SAMPLERS = ("gp", "grid", "qmc", "random", "tpe")
PRUNERS = ("asha", "hyperband", "median", "none")
NETWORKS = ("resnet",)
RETRYABLE = ("error", "lost", "out-of-memory", "diverged")
_NOT_TRAINING = ("trials", "max_epochs", "max_device_hours", "max_failed", "max_attempts", "retry", "sequential")
"""What says how much is trained and not how."""
_OF_PLANS = ("purpose", "parent", "evaluated_on", "planned", "sequential")


@dataclass(frozen=True)
class StudySpec:
    """What is searched, on what, how, and what it may spend.

    Raises:
        InputError: a value out of its range, or values that do not go together.
    """

    families: tuple[str, ...]
    name: str = ""
    """Letters, digits, `.`, `_`, `-`; 100 at most. Empty: made from family, data set and depth."""
    depth: int = 32
    dataset: str = "cifar10"
    network: str = "resnet"
    train_images: int | None = None
    """A stratified subset of the training part; None takes all."""
    validation_images: int | None = None
    """Likewise of the images that networks are judged by."""
    image_size: int | None = None
    """Pixels that a `folder:` data set is resized to, 8 … 512."""
    split_seed: int = 0
    trials: int = 50
    """Finished and pruned trials together, over all workers."""
    epochs: int = 0
    """Epochs of a trial that is not pruned; 0 takes the recipe's."""
    max_epochs: int | None = None
    """Epochs over all trials and workers; an epoch that was trained twice counts once."""
    max_device_hours: float | None = None
    """Hours for which workers hold trials, attempts that were lost included."""
    max_failed: int = 20
    """Failed trials after which the study begins no more: they do not count as trials, and may not go on for ever."""
    max_attempts: int = 3
    """Times that a trial is tried when it ends for a reason of `retry`; being preempted is no such reason."""
    retry: tuple[str, ...] = RETRYABLE[:3]
    """Of `RETRYABLE`: a trial that ends so waits again instead of failing at once."""
    replicates: int = 1
    """Seeds that each curve is trained with; the objective is their mean."""
    sampler: str = "tpe"
    pruner: str = "asha"
    first_rung: int = 0
    """The first epoch at which trials are compared; 0 takes the end of the warm-up, at least epoch 2."""
    rung_factor: int = 2
    """Each rung is this many times the one before; 1 of so many trials goes on."""
    startup_trials: int = 10
    """Random trials before the sampler models anything."""
    grid_points: int = 5
    """Values of each knob on the grid of the `grid` sampler."""
    seed: int = 0
    recipe: Recipe = RECIPES["short"]
    knobs: tuple[tuple[str, str], ...] = ()
    """Every knob of every family (`triangle.peak`) with its range as text (`1.0:1.6`, `0.8`, `falling,rising`)."""
    purpose: str = SEARCH
    """`search`, or one of `planned.PURPOSES`."""
    parent: str = ""
    """The study that a planned one comes from."""
    evaluated_on: str = "validation"
    """`test`: trained on the whole official train split and judged by the test split, which no search opens."""
    planned: tuple[PlannedCurve, ...] = ()
    """The curves that a planned study trains, `trials` in all: one for each curve and each of its seeds."""
    sequential: bool = False
    """Whether its number of seeds depends on its results: intervals are then those that stay valid under that."""

    def __post_init__(self) -> None:
        self._check_names()
        num_blocks(self.depth)
        if self.epochs == 0 and self.epochs is not False:
            object.__setattr__(self, "epochs", self._recipe_epochs())
        if self.first_rung == 0:
            object.__setattr__(self, "first_rung", max(2, math.ceil(self.recipe.warmup * self.epochs)))
        self._check_numbers()
        self._check_budget()
        self._check_images()
        self._check_plan()
        object.__setattr__(self, "knobs", canonical_knobs(self.families, dict(self.knobs)))
        if not self.name:
            object.__setattr__(self, "name", default_name(self.families, self.dataset, f"{self.network}{self.depth}"))
        check_study_name(self.name)

    def _check_names(self) -> None:
        families = (self.families,) if isinstance(self.families, str) else tuple(self.families)
        object.__setattr__(self, "families", families)
        if not self.families or len(set(self.families)) != len(self.families):
            raise InputError(f"families are {shown(list(self.families))}; give at least one and each once")
        for name in self.families:
            if not family(name).is_searchable:
                raise InputError(f"the family {name!r} has no knobs to search; use 'step' or 'spline' for free levels")
        check_dataset_name(self.dataset)
        if self.sampler.lower() in ("cmaes", "cma-es", "cma"):
            raise InputError(
                "the sampler CMA-ES is left out: it unpickles what the database holds, so one row could run code in "
                f"every worker; choose one of {', '.join(SAMPLERS)}"
            )
        for kind, got, known in (
            ("sampler", self.sampler, SAMPLERS),
            ("pruner", self.pruner, PRUNERS),
            ("network", self.network, NETWORKS),
            ("part to be judged by", self.evaluated_on, EVALUATED_ON),
        ):
            if got not in known:
                raise unknown_name(kind, got, known)

    def _check_numbers(self) -> None:
        check_whole("trials", self.trials, 1, 1_000_000)
        check_whole("epochs", self.epochs, 1, MAX_EPOCHS)
        check_whole("max_failed", self.max_failed, 1, 1_000_000)
        check_whole("max_attempts", self.max_attempts, 1, 1000)
        check_whole("replicates", self.replicates, 1, 100)
        check_whole("seed", self.seed, 0, 2**63 - 1)
        check_whole("split_seed", self.split_seed, 0, 2**32 - 1)
        check_whole("first_rung", self.first_rung, 1, 10_000)
        check_whole("rung_factor", self.rung_factor, 2, 16)
        check_whole("startup_trials", self.startup_trials, 1, 10_000)
        check_whole("grid_points", self.grid_points, 2, 100)
        if self.image_size is not None:
            check_whole("image_size", self.image_size, 8, 512)
            if not self.dataset.startswith("folder:"):
                raise InputError(f"image_size is for folder: data sets; {self.dataset} keeps its own size")
        if self.pruner == "hyperband" and self.first_rung >= self.epochs:
            raise InputError(f"first_rung is {self.first_rung}; hyperband needs it below the {self.epochs} epochs")

    def _check_budget(self) -> None:
        if self.max_epochs is not None:
            check_whole("max_epochs", self.max_epochs, self.epochs, 1_000_000_000)
        if self.max_device_hours is not None:
            hours = check_interval("max_device_hours", self.max_device_hours, 0, 10_000_000, low_open=True)
            object.__setattr__(self, "max_device_hours", hours)
        if isinstance(self.retry, str) or len(set(self.retry)) != len(self.retry):
            raise InputError(f"retry is {shown(self.retry)}; give a list of reasons, each once")
        for reason in self.retry:
            if reason not in RETRYABLE:
                raise unknown_name("reason to try again", str(reason), RETRYABLE)
        object.__setattr__(self, "retry", tuple(self.retry))

    def _check_images(self) -> None:
        info = dataset_info(self.dataset)
        check_counts(info, self.evaluated_on, self.train_images, self.validation_images)
        available = self.training_images
        if available is not None and self.recipe.batch_size > available:
            raise InputError(
                f"batch_size is {self.recipe.batch_size}, more than the {available} training images; "
                "choose a smaller batch or more images"
            )

    def _check_plan(self) -> None:
        check_plan(self.purpose, self.planned, self.trials)
        if not isinstance(self.sequential, bool) or (self.sequential and not self.planned):
            raise InputError(f"sequential is {shown(self.sequential)}; it is true or false, and true in plans alone")
        if not self.planned and (self.parent or self.evaluated_on != "validation"):
            raise InputError("a search has no parent, and is judged by validation images: the test split is closed")
        if self.planned and (self.pruner != "none" or self.replicates != 1):
            raise InputError('a study with planned curves has pruner = "none" and replicates = 1: each seed is a trial')
        if self.parent:
            check_study_name(self.parent)

    @property
    def evaluation_images(self) -> int | None:
        """So many images a score is reckoned from; None for all of a folder's, which nobody has counted here."""
        info = dataset_info(self.dataset)
        return self.validation_images or (parts_of(info, self.evaluated_on).evaluation if info else None)

    @property
    def training_images(self) -> int | None:
        """That a network is trained on; None likewise."""
        info = dataset_info(self.dataset)
        return self.train_images or (parts_of(info, self.evaluated_on).train if info else None)

    def _recipe_epochs(self) -> int:
        available = self.training_images
        if available is None and self.recipe.iterations is not None:
            raise InputError(
                f"the recipe {self.recipe.name} counts iterations, and the size of {self.dataset} is not known here; "
                "give epochs"
            )
        return max(1, self.recipe.default_epochs(available or 0))

    @property
    def num_blocks(self) -> int:
        """Residual blocks of the network."""
        return num_blocks(self.depth)

    @property
    def seeds_per_curve(self) -> int:
        """Of a planned study: trainings of each curve that is not settled."""
        return seeds_per_curve(self.planned, self.trials)

    @property
    def subject(self) -> PlannedCurve | None:
        """Of a planned study: its first claim, the one whose controls are trained."""
        return next((item for item in self.planned if item.is_claim), None)

    def seeds_of(self, planned: PlannedCurve) -> int:
        """Trainings of one of the planned curves."""
        return planned.seeds or self.seeds_per_curve

    @cached_property
    def search_knobs(self) -> dict[str, tuple[Knob, ...]]:
        """For each family its knobs with the ranges of this study, fixed ones too."""
        return {name: knobs_of(name, dict(self.knobs)) for name in self.families}

    def build_curve(self, family_name: str, values: Mapping[str, KnobValue]) -> Curve:
        """The curve of a family at knob values of this study (structural and fixed knobs are filled in)."""
        return curve_at(family_name, dict(self.knobs), values)

    def baseline_knobs(self, family_name: str) -> dict[str, KnobValue]:
        """Knob values of a family that give 1 everywhere, whatever the ranges of this study."""
        return family(family_name).baseline_knobs(**structure_of(family_name, dict(self.knobs)))

    def with_changes(self, **changes: Any) -> "StudySpec":
        """The same spec with some fields changed, validated again."""
        return replace(self, **changes)

    def without_budget(self) -> "StudySpec":
        """The same spec with the default budget: two studies that agree in it train each curve alike."""
        defaults = {name: _DEFAULTS[name] for name in _NOT_TRAINING}
        if not self.planned:
            return self.with_changes(**defaults)
        planned = tuple(replace(item, seeds=None) for item in self.planned)
        return self.with_changes(**defaults | {"trials": len(planned), "planned": planned})

    @property
    def rungs(self) -> tuple[int, ...]:
        """The epochs before the last at which halving compares trials; none for the other pruners."""
        if self.pruner in ("none", "median"):
            return ()
        rungs, rung = [], self.first_rung
        while rung < self.epochs:
            rungs.append(rung)
            rung *= self.rung_factor
        return tuple(rungs)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary, with the version of this format."""
        content = {key: value for key, value in asdict(self).items() if value is not None and key not in _OF_PLANS}
        content |= {"version": VERSION, "knobs": dict(self.knobs)}
        if not self.planned:  # as searches were written before there were plans: digests of their specs stay the same
            return content
        plan = {name: getattr(self, name) for name in _OF_PLANS}
        return content | plan | {"planned": [item.to_dict() for item in self.planned]}

    def to_json(self) -> str:
        """The spec as one line of JSON."""
        return json.dumps(self.to_dict(), sort_keys=True)


_DEFAULTS = {field.name: field.default for field in fields(StudySpec)}
