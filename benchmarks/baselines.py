"""Is accuracy traded for speed? Plain ResNets against He et al.'s table, and vsearch against a plain loop.

    python benchmarks/baselines.py train --seconds 540            # again, until it says that all are finished
    python benchmarks/baselines.py compare --seeds 3 --epochs 8   # without a GPU

`train` takes ResNet-20, 32 and 56 through the whole `he2015` schedule (164 epochs of all 50,000 training images), the
seeds of a depth side by side, and evaluates each once on the official test images. `compare` trains on a part of the
train split and compares validation accuracies, seed by seed. Both append to a JSON-lines file in `--out`, go on where
they stopped, and write the table beside it.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch
from baseline_parts.agreement import Pair, train_pair
from baseline_parts.official import official_cifar10
from baseline_parts.schedules import Baselines, read_lines
from baseline_parts.tables import agreement_table, baseline_table

from vsearch.data import load_search_data
from vsearch.spec.recipe import recipe
from vsearch.training.allocator import keep_freed_memory
from vsearch.training.device import choose_device, choose_precision

OUT = Path(__file__).resolve().parents[1] / "studies" / "baselines"


def train(given: argparse.Namespace, ends_at: float) -> bool:
    """Train what is left of the schedules; whether all have finished."""
    device, he2015 = choose_device(given.device), recipe("he2015")
    data, test = official_cifar10(given.data)
    epochs = given.epochs or he2015.default_epochs(len(data.train.labels))
    results = given.out / "he2015-cifar10.jsonl"
    slots = given.slots or (given.seeds if device.type == "cuda" else 1)
    work = Baselines(
        data.to(device), test.to(device), he2015, epochs, results, given.out / "checkpoints", ends_at=ends_at
    )
    is_finished = work.train(given.depths, range(given.seeds), slots)
    title = "# Plain ResNets on CIFAR-10, test split, schedule of He et al. 2015"
    _write(given.out / "he2015-cifar10.md", title, baseline_table(read_lines(results)))
    return is_finished


def compare(given: argparse.Namespace, ends_at: float) -> bool:
    """Train the pairs that are left; whether all have finished."""
    device, short = choose_device(given.device), recipe("short")
    depth, epochs = given.depths[0], given.epochs or 8
    data = load_search_data(
        "cifar10", root=given.data, train_images=given.images, validation_images=given.validation
    ).to(device)
    precision = choose_precision("auto", device)
    name = f"agreement-resnet{depth}-{given.images}x{epochs}-{device.type}-{precision}"
    results = given.out / f"{name}.jsonl"
    done = {line["seed"] for line in read_lines(results)}
    for seed in [seed for seed in range(given.seeds) if seed not in done]:
        if time.monotonic() > ends_at:
            break
        pair = train_pair(data, depth, short, epochs, seed, precision)
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(pair)) + "\n")
    pairs = [Pair(**line) for line in read_lines(results)]
    title = f"# vsearch ({precision}, {device.type}) against a plain float32 loop: ResNet-{depth}, {epochs} epochs"
    note = f"{given.images} training and {given.validation} validation images of CIFAR-10, recipe short."
    _write(given.out / f"{name}.md", title, [note, "", *(agreement_table(pairs) if pairs else [])])
    return {pair.seed for pair in pairs} >= set(range(given.seeds))


def _write(path: Path, title: str, lines: Sequence[str]) -> None:
    where = f"{date.today()}; torch {torch.__version__}"
    text = "\n".join([title, "", *lines, "", where, ""])
    path.write_text(text, encoding="utf-8")
    print(text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train until all is finished or the time is over, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["train", "compare"])
    parser.add_argument("--depths", type=int, nargs="+", default=[20, 32, 56], help="compare takes the first")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each depth, with the seeds from 0 on")
    parser.add_argument("--slots", type=int, help="trainings at a time; by default all seeds on a GPU, 1 on a CPU")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's own number (train) or 8 (compare)")
    parser.add_argument("--images", type=int, default=5000, help="training images (compare)")
    parser.add_argument("--validation", type=int, default=5000, help="validation images (compare)")
    parser.add_argument("--seconds", type=float, default=540, help="begin no epoch, or no pair, later than this")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("VSEARCH_DATA_DIR", ".")))
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    ends_at = time.monotonic() + given.seconds
    keep_freed_memory()
    given.out.mkdir(parents=True, exist_ok=True)
    is_finished = {"train": train, "compare": compare}[given.action](given, ends_at)
    print("all are finished" if is_finished else "not finished: run it again")


if __name__ == "__main__":
    main()
