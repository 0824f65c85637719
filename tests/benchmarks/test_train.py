"""The benchmark of the training loop runs in a miniature."""

import os
from collections.abc import Callable


def test_every_loop_has_its_line(table: Callable[..., list[list[str]]]) -> None:
    """The plain loop and vsearch's are measured for one small network, with positive speeds."""
    rows = table("train", "--depths", "8", "--rounds", "1", "--steps", "1")
    measured = [row for row in rows if row[0] in ("8", "ResNet-8")]
    assert len(measured) == 3, rows
    assert os.cpu_count()
