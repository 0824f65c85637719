"""The baselines in a miniature: they go on where they stopped, end up the same, and are told in tables."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from vsearch.data import Augmentation, ImageSet, SearchData
from vsearch.spec.recipe import Recipe

RECIPE = Recipe("small", learning_rate=0.05, batch_size=32)
FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def data() -> SearchData:
    """128 noisy images of two colours, 32×32."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(128) % 2
    images = (80 + 90 * labels.view(-1, 1, 1, 1) + torch.randint(-60, 61, (128, 32, 32, 3), generator=generator)).to(
        torch.uint8
    )
    part = ImageSet(images, labels)
    mean, std = torch.full((3,), 127.5), torch.full((3,), 73.9)
    return SearchData("colours", part, part, 2, mean, std, Augmentation(4, True), "")


@pytest.fixture
def baselines(module: Callable[[str], ModuleType], data: SearchData, tmp_path: Path) -> Callable[..., Any]:
    """`baselines(name, seconds=…)`: trainings of 3 epochs whose results go to a folder of that name."""
    schedules = module("baseline_parts/schedules")

    def make(name: str, seconds: float = 600) -> Any:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return schedules.Baselines(
            data, data.validation, RECIPE, 3, folder / "r.jsonl", folder / "kept", time.monotonic() + seconds
        )

    return make


def test_trainings_that_were_stopped_end_as_those_that_were_not(
    baselines: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = baselines("whole")
    assert whole.train([8], range(2), slots=2)
    clock = iter([0.0] * 6 + [1e9] * 100)  # over after an epoch or two
    stopped = replace(baselines("stopped"), ends_at=1.0)
    with monkeypatch.context() as patch:
        patch.setattr("time.monotonic", lambda: next(clock))
        assert not stopped.train([8], range(2), slots=1)
    assert list(stopped.checkpoints.iterdir())
    again = baselines("stopped")
    assert again.train([8], range(2), slots=1)
    assert not list(again.checkpoints.iterdir())
    lines = [sorted(path.read_text().splitlines()) for path in (whole.results, again.results)]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 2
    assert again.train([8], range(2), slots=1)
    assert sorted(again.results.read_text().splitlines()) == lines[1]


def test_no_time_no_training(baselines: Callable[..., Any]) -> None:
    none = baselines("none", seconds=-1)
    assert not none.train([8], range(1), slots=1)
    assert not none.results.exists()


def test_the_plain_loop_begins_with_the_weights_of_the_fast_one_and_both_learn(
    module: Callable[[str], ModuleType], data: SearchData
) -> None:
    agreement = module("baseline_parts/agreement")
    pair = agreement.train_pair(data, 8, RECIPE, 3, seed=1, precision="float32", loader_workers=0)
    assert pair.fast > 0.9
    assert pair.plain > 0.9
    # With a rate of nearly nothing both stay where they began, up to the statistics of their crops.
    still = replace(RECIPE, learning_rate=1e-12)
    pair = agreement.train_pair(data, 8, still, 1, seed=1, precision="float32", loader_workers=0)
    assert pair.fast == pytest.approx(pair.plain, abs=0.1)


def test_tables_tell_means_differences_and_intervals(module: Callable[[str], ModuleType]) -> None:
    tables = module("baseline_parts/tables")
    where = {"epochs": 164, "device": "D", "precision": "bf16", "torch": "2"}
    lines = [{"depth": 20, "test_error": error, **where} for error in (0.08, 0.09, 0.085)]
    row = tables.baseline_table(lines)[2]
    assert row == "| 20 | 164 | D, bf16, torch 2 | 3 | 8.50 ± 0.50 | 8.75 | -0.25 | 2.48 |"
    pairs = [tables.Pair(seed, 0.5 + seed / 100, 0.5) for seed in range(3)]
    assert tables.agreement_table(pairs)[-1] == "Mean difference +1.00 points, 95 % interval -1.48 to +3.48."
    assert tables.half_width([1.0]) != tables.half_width([1.0])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX paths")
def test_the_test_images_are_the_official_ones(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    import os

    root = Path(os.environ.get("VSEARCH_DATA_DIR", ""))
    if not (root / "cifar-10-batches-py" / "test_batch").exists():
        pytest.skip("VSEARCH_DATA_DIR does not hold CIFAR-10")
    data, test = module("baseline_parts/official").official_cifar10(root)
    assert len(data.train.labels) == 50_000
    assert torch.bincount(test.labels).tolist() == [1000] * 10
    assert data.mean.tolist() == pytest.approx([125.3, 123.0, 113.9], abs=0.1)
