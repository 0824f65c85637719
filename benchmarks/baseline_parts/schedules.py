"""Whole trainings of plain networks, several seeds side by side, that go on where they stopped."""

import json
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from vsearch.data import ImageSet, SearchData
from vsearch.models import resnet
from vsearch.spec.recipe import Recipe
from vsearch.spec.seeds import derive_seed
from vsearch.training.checkpoint import decode, encode
from vsearch.training.device import choose_precision
from vsearch.training.graphed import choose_steps
from vsearch.training.loop import Training
from vsearch.training.steps import MakeSteps

SAVE_SECONDS = 60


@dataclass(frozen=True)
class Baselines:
    """What is trained on what, and where the results go.

    Args:
        data: to train on, on its device; its validation part is only looked at.
        test: evaluated once, when a training is finished.
        results: a JSON line for each finished training; those in it are not repeated.
        checkpoints: a folder with a file for each training that has begun and not finished.
        ends_at: by `time.monotonic`; after it no epoch is begun.
    """

    data: SearchData
    test: ImageSet
    recipe: Recipe
    epochs: int
    results: Path
    checkpoints: Path
    ends_at: float
    _writing: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def train(self, depths: Sequence[int], seeds: Iterable[int], slots: int) -> bool:
        """Train plain networks of every depth with every seed, `slots` at a time; whether all have finished."""
        done = {(line["depth"], line["seed"], line["epochs"]) for line in read_lines(self.results)}
        seeds, finished = list(seeds), True
        for depth in depths:
            left = [seed for seed in seeds if (depth, seed, self.epochs) not in done]
            # Every depth has recordings of its own, which go with it.
            make_steps = choose_steps(self.data.train.images.device)
            with ThreadPoolExecutor(slots) as threads:
                work = [threads.submit(self._train_one, depth, seed, make_steps) for seed in left]
                finished &= all(one.result() for one in work)
        return finished

    def _train_one(self, depth: int, seed: int, make_steps: MakeSteps) -> bool:
        if time.monotonic() > self.ends_at:
            return False
        training, kept = self._training(depth, seed, make_steps), self.checkpoints / f"resnet{depth}-seed{seed}"
        try:
            if kept.exists():
                training.load_state_dict(decode(kept.read_bytes(), kept.name))
            return self._finish(training, depth, seed, kept)
        finally:
            training.close()

    def _finish(self, training: Training, depth: int, seed: int, kept: Path) -> bool:
        saved_at = time.monotonic()
        train_loss = float("nan")
        while training.epoch < self.epochs:
            if time.monotonic() > self.ends_at:
                _save(training, kept)
                return False
            train_loss = training.run_epoch().train_loss
            if time.monotonic() > saved_at + SAVE_SECONDS:
                _save(training, kept)
                saved_at = time.monotonic()
        self._write(training, depth, seed, train_loss)
        kept.unlink(missing_ok=True)
        return True

    def _write(self, training: Training, depth: int, seed: int, train_loss: float) -> None:
        test = training.evaluate(self.test)
        line = {
            "depth": depth,
            "seed": seed,
            "epochs": self.epochs,
            "test_error": 1 - test.accuracy,
            "test_loss": test.loss,
            "train_loss": train_loss,
            "precision": "bf16" if training.dtype is torch.bfloat16 else "float32",
            "device": _device_name(training.device),
            "torch": torch.__version__,
        }
        with self._writing, self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _training(self, depth: int, seed: int, make_steps: MakeSteps) -> Training:
        generator = torch.Generator().manual_seed(derive_seed("weights", seed))
        channels, device = self.data.train.images.shape[-1], self.data.train.images.device
        return Training(
            resnet(depth, self.data.num_classes, in_channels=channels, generator=generator),
            self.data,
            self.recipe,
            epochs=self.epochs,
            seed=seed,
            device=device,
            precision=choose_precision(self.recipe.precision, device),
            make_steps=make_steps,
        )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The values of a JSON-lines file; none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _save(training: Training, kept: Path) -> None:
    """Write whole or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_suffix(".new")
    beside.write_bytes(encode(training.state_dict()))
    beside.replace(kept)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
