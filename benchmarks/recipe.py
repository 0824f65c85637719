"""Does a short run rank curves as a long one does? Trains curves below, at and above 1 with several recipes.

    python benchmarks/recipe.py run --out recipe.jsonl --data-dir DIR   # resumes: what is in the file is not repeated
    python benchmarks/recipe.py report --out recipe.jsonl

Each line of the file is one training; `report` prints, for each recipe and length, the mean validation accuracy of each
curve and the Spearman correlation of that ranking with the longest run's.
"""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

CURVES = {
    "constant 0.8": '{"family": "constant", "value": 0.8}',
    "baseline 1.0": '{"family": "constant", "value": 1.0}',
    "constant 1.25": '{"family": "constant", "value": 1.25}',
    "triangle 0.8-1.3": "cifar10-resnet32",
    "rising 0.9-1.3": '{"family": "ramp", "peak": 1.3, "floor": 0.9, "direction": "rising"}',
}
SHORT, LONG = 8, 32
# (name, warm-up fraction, peak learning rate, epochs, seeds)
RECIPES = [
    ("no warm-up", 0.0, 0.1, SHORT, 2),
    ("warm-up 0.2", 0.2, 0.1, SHORT, 2),
    ("warm-up 0.2", 0.2, 0.1, LONG, 1),
    ("warm-up 0.4", 0.4, 0.1, SHORT, 1),
]


def train(curve: str, recipe: tuple[str, float, float, int, int], seed: int, options: dict[str, Any]) -> dict[str, Any]:
    """One training; the record of its epochs."""
    import torch

    from vsearch.curves import parse_curve
    from vsearch.data import load_search_data
    from vsearch.models import build_network, num_blocks
    from vsearch.spec.recipe import RECIPES as KNOWN
    from vsearch.spec.seeds import derive_seed
    from vsearch.training.allocator import keep_freed_memory
    from vsearch.training.loop import Training

    torch.set_num_threads(1)
    keep_freed_memory()
    data = load_search_data(
        "cifar10",
        root=Path(options["data_dir"]),
        train_images=options["images"],
        validation_images=1000,
    )
    name, warmup, rate, epochs, _ = recipe
    depth = options["depth"]
    scales = parse_curve(CURVES[curve]).scales(num_blocks(depth))
    network = build_network(
        "resnet", depth, 10, scales, generator=torch.Generator().manual_seed(derive_seed("weights", seed))
    )
    training = Training(
        network,
        data,
        KNOWN["short"].override(warmup=warmup, learning_rate=rate),
        epochs=epochs,
        seed=seed,
        device=torch.device("cpu"),
        precision="float32",
    )
    records = list(training.epochs())
    return {
        "curve": curve,
        "recipe": name,
        "epochs": epochs,
        "seed": seed,
        "options": {key: value for key, value in options.items() if key != "data_dir"},
        "accuracy": [record.validation_accuracy for record in records],
        "train_loss": [record.train_loss for record in records],
        "max_loss": max(record.max_loss for record in records),
    }


def run(out: Path, options: dict[str, Any], workers: int) -> None:
    """Train what is not in the file yet."""
    done = {_key(line) for line in _lines(out)}
    wanted = [
        (curve, recipe, seed)
        for recipe, curve in product(RECIPES, CURVES)
        for seed in range(recipe[4])
        if (curve, recipe[0], recipe[3], seed) not in done
    ]
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        out.open("a", encoding="utf-8") as file,
    ):
        for future in as_completed([pool.submit(train, *work, options) for work in wanted]):
            line = future.result()
            file.write(json.dumps(line) + "\n")
            file.flush()
            print(line["recipe"], line["epochs"], line["curve"], line["seed"], line["accuracy"][-1], flush=True)


def report(out: Path) -> None:
    """Print the table of mean accuracies and the rank correlations."""
    from scipy.stats import spearmanr

    groups: dict[tuple[str, int], dict[str, list[float]]] = {}
    for line in _lines(out):
        groups.setdefault((line["recipe"], line["epochs"]), {}).setdefault(line["curve"], []).append(
            fmean(line["accuracy"][-1:])
        )
    longest = {recipe: scores for (recipe, epochs), scores in groups.items() if epochs == LONG}
    print(f"| recipe | epochs | n | {' | '.join(CURVES)} | {' | '.join(f'ρ to long {name}' for name in longest)} |")
    print("|" + " --- |" * (3 + len(CURVES) + len(longest)))
    for (recipe, epochs), scores in groups.items():
        means = [100 * fmean(scores[curve]) if curve in scores else float("nan") for curve in CURVES]
        ranks = []
        for reference in longest.values():
            shared = [curve for curve in CURVES if curve in scores and curve in reference]
            short, long = ([fmean(table[curve]) for curve in shared] for table in (scores, reference))
            ranks.append(spearmanr(short, long).statistic if len(shared) > 2 else float("nan"))
        cells = [f"{mean:.1f}" for mean in means] + [f"{rank:.2f}" for rank in ranks]
        print(f"| {recipe} | {epochs} | {len(next(iter(scores.values())))} | {' | '.join(cells)} |")


def _lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out.exists() else []


def _key(line: dict[str, Any]) -> tuple[str, str, int, int]:
    return line["curve"], line["recipe"], line["epochs"], line["seed"]


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "report"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data-dir", default=os.environ.get("VSEARCH_DATA_DIR", "."))
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    if arguments.action == "report":
        report(arguments.out)
    else:
        options = {"data_dir": arguments.data_dir, "images": arguments.images, "depth": arguments.depth}
        run(arguments.out, options, arguments.workers)


if __name__ == "__main__":
    main()
