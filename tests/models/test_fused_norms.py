"""The fused norms give what torch's operations give, gradients included: see also `test_kernels.py`."""

import importlib.util
import sys
from collections.abc import Iterator

import pytest
import torch

from tests.models import fused_norm_checks as checks
from tests.models.norm_runs import norm, random
from vsearch.models.fused_norms import fused_norms
from vsearch.models.norms import TORCH_NORMS

needs_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="no Triton here")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@needs_triton
@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("with_shortcut", [False, True])
@pytest.mark.parametrize("dtype", checks.FORMATS.values(), ids=str)
@pytest.mark.parametrize("shape", checks.REAL_SHAPES)
def test_batches_of_real_size_on_a_gpu(shape: tuple[int, ...], dtype: torch.dtype, with_shortcut: bool) -> None:
    checks.assert_exact("cuda", shape, dtype, with_shortcut)


@needs_triton
@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("shape", checks.REAL_SHAPES)
def test_a_recorded_step_reads_the_scale_anew(shape: tuple[int, ...]) -> None:
    """So one recording serves trainings of different scales: each gives the bits of a step that was not recorded."""
    x, shortcut, gradient = (
        random(*shape, seed=seed).to("cuda", torch.bfloat16, memory_format=torch.channels_last) for seed in range(3)
    )
    norms, made, scale = checks.fused(), norm(shape[1]).to("cuda"), checks.factor(1.0, "cuda")
    made.num_batches_tracked = None
    wanted = [x.requires_grad_(), shortcut.requires_grad_(), made.weight, made.bias]

    def step() -> list[torch.Tensor]:
        y = norms.add_relu(made, x, shortcut, scale)
        return [y.detach(), *torch.autograd.grad((y, norms.again(y)), wanted, (gradient, gradient))]

    stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        step()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            recorded = step()
        for value in (1.0, 0.37, -2.1):
            scale.fill_(value)
            expected = step()
            graph.replay()
            assert all(torch.equal(one, other) for one, other in zip(recorded, expected, strict=True)), value


@pytest.fixture
def uncached() -> Iterator[None]:
    fused_norms.cache_clear()
    yield
    fused_norms.cache_clear()


def test_without_triton_there_are_none(uncached: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vsearch.models.kernels.norm_triton", None)
    assert fused_norms() is None


@needs_triton
def test_on_a_cpu_without_the_interpreter_torch_computes() -> None:
    """Which no kernel can be compiled for."""
    if checks.fused()._kernels.INTERPRETED:
        pytest.skip("Triton was imported for its interpreter")
    x = random(2, 16, 4, 4)
    found = checks.fused().relu(norm(16), x.clone())
    assert torch.equal(found, TORCH_NORMS.relu(norm(16), x.clone()))
