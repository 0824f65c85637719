"""What a worker needs to train the trials of one study: the images on its device, and where checkpoints go."""

import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch

import vsearch
from vsearch.data import SearchData, load_search_data
from vsearch.data.test_split import load_test_data
from vsearch.models import build_network
from vsearch.search.claims import Claim
from vsearch.search.stored import StoredStudy
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec
from vsearch.storage.checkpoints import CheckpointStore, Key
from vsearch.training.device import choose_precision
from vsearch.training.functions import function_versions
from vsearch.training.graphed import choose_steps
from vsearch.training.loop import Training
from vsearch.training.steps import EagerSteps, MakeSteps


@dataclass(frozen=True)
class Workplace:
    """One study's images on one device."""

    spec: StudySpec
    study_id: int
    data: SearchData
    device: torch.device
    precision: Literal["bf16", "float32"]
    checkpoints: CheckpointStore
    make_steps: MakeSteps = EagerSteps

    def checkpoint_key(self, claim: Claim) -> Key:
        """Whose checkpoint a claimed trial's is."""
        return Key(self.spec.name, self.study_id, claim.number, claim.trial_id, claim.lease.fence)

    def training(self, scales: tuple[float, ...], seed: int, on_step: Callable[[], None] = lambda: None) -> Training:
        """A new training of one network; weights, order and augmentation come from the seed alone.

        Close it when nobody reads its network any more: on a GPU another training then gets its place.
        """
        generator = torch.Generator().manual_seed(derive_seed("weights", seed))
        channels = self.data.train.images.shape[-1]
        network = build_network(
            self.spec.network, self.spec.depth, self.data.num_classes, scales, channels, generator=generator
        )
        return Training(
            network,
            self.data,
            self.spec.recipe,
            epochs=self.spec.epochs,
            seed=seed,
            device=self.device,
            precision=self.precision,
            on_step=on_step,
            make_steps=self.make_steps,
        )

    def sample(self) -> Training:
        """A training like any of the study's, to measure with."""
        return self.training((1.0,) * self.spec.num_blocks, seed=0)


def set_up(
    study: StoredStudy, *, data_path: Path, checkpoints: CheckpointStore, device: torch.device, download: bool
) -> Workplace:
    """Load a study's images onto the device.

    Raises:
        DataError: they are missing or damaged; says how to get them.
    """
    spec = study.spec
    data = _load(spec, data_path, download=download)
    precision = choose_precision(spec.recipe.precision, device)
    return Workplace(
        spec, study.study_id, data.to(device), device, precision, checkpoints, make_steps=choose_steps(device)
    )


def _load(spec: StudySpec, data_path: Path, *, download: bool) -> SearchData:
    if spec.evaluated_on == "test":
        return load_test_data(
            spec.dataset,
            root=data_path,
            train_images=spec.train_images,
            test_images=spec.validation_images,
            split_seed=spec.split_seed,
            download=download,
            image_size=spec.image_size,
        )
    return load_search_data(
        spec.dataset,
        root=data_path,
        train_images=spec.train_images,
        validation_images=spec.validation_images,
        split_seed=spec.split_seed,
        download=download,
        image_size=spec.image_size,
    )


def device_name(device: torch.device) -> str:
    """The device as its maker calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()


@cache
def cpu_name() -> str:
    """The processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"CPU {names[0]}" if names else f"CPU {platform.processor() or platform.machine()}"


@cache
def versions(device: torch.device) -> dict[str, str]:
    """Versions of what a result on that device depends on."""
    libraries = {"vsearch": vsearch.__version__, "torch": torch.__version__, "optuna": version("optuna")}
    return libraries | function_versions(device)


@cache
def commit() -> str | None:
    """The commit of the source tree that vsearch runs from, None for an installed package."""
    root = Path(vsearch.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
