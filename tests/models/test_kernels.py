"""The kernels for a GPU give what they must: in Triton's interpreter, and on a GPU."""

from importlib.util import find_spec
from types import ModuleType

import pytest
import torch

from tests.models import fused_convolution_checks, fused_norm_checks, fused_norm_refusals
from tests.models.interpreted import failures

pytestmark = pytest.mark.skipif(find_spec("triton") is None, reason="no Triton here")
MODULES = {
    "norms": fused_norm_checks,
    "norms left to torch": fused_norm_refusals,
    "convolutions": fused_convolution_checks,
}
each_check = pytest.mark.parametrize(
    ("module", "name"), [(key, name) for key, module in MODULES.items() for name in module.checks()]
)


@pytest.fixture(scope="session")
def interpreted() -> dict[ModuleType, dict[str, str]]:
    """What failed in the interpreter, by the name of the check; filled where it is asked for."""
    return {}


@each_check
def test_in_the_interpreter(module: str, name: str, interpreted: dict[ModuleType, dict[str, str]]) -> None:
    checks = MODULES[module]
    if checks not in interpreted:
        interpreted[checks] = failures(checks.__name__)
    if interpreted[checks][name]:
        pytest.fail(interpreted[checks][name], pytrace=False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.gpu
@each_check
def test_on_a_gpu(module: str, name: str) -> None:
    MODULES[module].checks()[name]("cuda")
