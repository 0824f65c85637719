"""Finding the compiled functions: they are called only if they fit this program."""

import logging
import re
from pathlib import Path

import pytest

import vsearch.models
from vsearch.models import compiled_convolutions, compiled_norms
from vsearch.models.library import open_library

KERNELS = Path(vsearch.models.__file__).parent / "kernels"
is_compiled = pytest.mark.skipif(compiled_norms.compiled_norms() is None, reason="no compiled functions here")


@pytest.mark.parametrize(
    ("source", "version"),
    [("norm.c", compiled_norms.VERSION), ("convolution.c", compiled_convolutions.VERSION)],
)
def test_the_version_that_is_expected_is_that_of_the_source(source: str, version: int) -> None:
    found = re.search(r"#define VERSION ([1-9]\d*)", (KERNELS / source).read_text())
    assert found is not None
    assert int(found[1]) == version


@is_compiled
def test_functions_of_another_version_are_not_called_and_it_is_said_how_to_compile_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After an update of the source tree alone: the old functions take other arguments, and crash."""
    with caplog.at_level(logging.WARNING):
        found = open_library(compiled_norms.MODULE, "vsearch_norms_version", compiled_norms.VERSION + 1)
    assert found is None
    assert "compile them with: pip install -e ." in caplog.text


def test_a_module_that_was_not_compiled_is_passed_over_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert open_library("vsearch.models.kernels._none", "version", 1) is None
    assert not caplog.records


@is_compiled
def test_a_library_without_that_function_is_told_and_not_called(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert open_library(compiled_norms.MODULE, "vsearch_other_version", 1) is None
    assert "training is slower" in caplog.text
