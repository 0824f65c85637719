"""The patience with a database that is away: when it is called again."""

from types import SimpleNamespace

import pytest

from vsearch.errors import StorageAway
from vsearch.search import patience
from vsearch.search.patience import Patience
from vsearch.storage import Storage


class Clock:
    """Stands where it is put."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.mark.parametrize(("hung", "pause"), [(0.0, 5.0), (1.0, 5.0), (10.0, 40.0), (160.0, 60.0), (28_800.0, 60.0)])
def test_the_next_call_waits_four_times_as_long_as_the_last_one_hung_and_a_minute_at_most(
    storage: Storage, clock: Clock, hung: float, pause: float
) -> None:
    """Eight hours: the process was stopped, or its machine asleep."""
    waiting = Patience(storage)

    def hang() -> None:
        clock.now += hung
        raise StorageAway("gone")

    assert waiting.call(hang) is None
    clock.now += pause - 0.1
    assert not waiting.is_worth_a_call
    clock.now += 0.2
    assert waiting.is_worth_a_call
