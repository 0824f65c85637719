"""A step keeps its numbers when only its operations are repeated, as a CUDA graph repeats them, without its Python.

What a graph does is imitated on the CPU: every operation is noted with its tensors while the step runs once, and from
then on only these are called again on these very tensors.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.training.conftest import one_epoch
from vsearch.models.resnet import Block
from vsearch.training.checkpoint import decode, encode
from vsearch.training.graphed import GraphPool
from vsearch.training.loop import Training
from vsearch.training.steps import EagerSteps

WAITS = {"_local_scalar_dense", "nonzero", "unique2", "masked_select", "is_nonzero"}


class Notes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the operations of what runs inside; `repeat` runs them again on the same tensors."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, result))
        return result

    @torch.no_grad()
    def repeat(self) -> None:
        for func, args, kwargs, former in self.calls:
            for noted, new in zip(tree_leaves(former), tree_leaves(func(*args, **kwargs)), strict=True):
                if isinstance(noted, Tensor) and noted.data_ptr() != new.data_ptr():
                    noted.copy_(new)

    @property
    def names(self) -> set[str]:
        return {func.name().removeprefix("aten::").split(".")[0] for func, *_ in self.calls}


@pytest.fixture
def notes() -> list[Notes]:
    """Of every step that has been recorded."""
    return []


@pytest.fixture
def pool(notes: list[Notes]) -> GraphPool:
    def record(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], None]:
        for _ in range(3):
            step()
        notes.append(Notes())
        with notes[-1]:
            step()
        return notes[-1].repeat

    return GraphPool(record)


@pytest.fixture
def make(make_exact: Callable[..., Training], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Training]:
    """`make(make_steps, …)`: two epochs; scales are tensors, as on a GPU."""
    monkeypatch.setattr(Block, "_scale_for", lambda block, _: block.factor)
    monkeypatch.setattr("vsearch.training.functions.compiled_norms", lambda: None)  # a GPU has none
    monkeypatch.setattr("vsearch.training.functions.compiled_convolutions", lambda: None)
    return partial(make_exact, epochs=2, scale=0.8)


def both_epochs(training: Training) -> list[tuple[float, ...]]:
    return [one_epoch(training) for _ in range(2)]


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_repeated_operations_give_the_numbers_of_eager_steps(
    make: Callable[..., Training], pool: GraphPool, precision: str
) -> None:
    assert both_epochs(make(pool.take, precision=precision)) == both_epochs(make(EagerSteps, precision=precision))


def test_one_recording_serves_other_seeds_scales_and_checkpoints(
    make: Callable[..., Training], pool: GraphPool, notes: list[Notes]
) -> None:
    first = make(pool.take)
    before = one_epoch(first)
    checkpoint = encode(first.state_dict())
    first.close()

    other = make(pool.take, seed=2, scale=1.3)
    assert both_epochs(other) == both_epochs(make(EagerSteps, seed=2, scale=1.3))
    other.close()

    continued = make(pool.take)
    continued.load_state_dict(decode(checkpoint, "trial-0"))
    assert [before, one_epoch(continued)] == both_epochs(make(EagerSteps))
    assert len(notes) == 1


def test_a_step_reads_nothing_back_and_counts_all_batch_norms_at_once(
    make: Callable[..., Training], pool: GraphPool, notes: list[Notes]
) -> None:
    make(pool.take)
    assert not notes[0].names & WAITS
    long_counts = [
        args for func, args, *_ in notes[0].calls if func.name() == "aten::add_.Tensor" and args[0].dtype is torch.int64
    ]
    assert len(long_counts) == 2  # the batch norms', and the number of the step
