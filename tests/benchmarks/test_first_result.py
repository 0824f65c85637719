"""The benchmark of the first result starts the real command, and leaves nothing behind."""

from collections.abc import Callable

import pytest


def test_the_parts_of_a_run_add_up_to_the_whole(table: Callable[..., list[list[str]]]) -> None:
    heads, *rows = table("first_result", "--runs", "1", "--depth", "8")
    assert heads == ["until", "seconds (min / median / max)", "first run"]
    found = {row[0]: float(row[2]) for row in rows}
    whole = found.pop("all")
    assert list(found) == [
        "the study is stored",
        "a worker has loaded torch",
        "images loaded, trial claimed",
        "first epoch reported",
    ]
    assert all(seconds > 0 for seconds in found.values())
    assert sum(found.values()) == pytest.approx(whole, abs=0.03)
