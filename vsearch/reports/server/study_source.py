"""Where served pages have their studies from: read from the storage, and read again only where something changed."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from vsearch.reports.server.kept import Kept
from vsearch.reports.study_data import StudyData, study_data
from vsearch.search import attributes
from vsearch.search.damage import reading
from vsearch.search.overview import Overview, overviews
from vsearch.search.relatives import planned_of
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.workers import WorkerView, worker_views
from vsearch.storage import Storage, StudySummary

MOST_TRIALS = 20_000
"""Of all studies that are kept in memory together."""
RUNNING_SECONDS = 20
"""After which a study with running trials is read again: their epochs change nothing that a list of studies shows."""


class Mark(NamedTuple):
    """What tells cheaply that a study changed."""

    study_id: int
    first_started: datetime | None
    done: int
    """Trials that ended."""
    rest: tuple[object, ...]
    """The other counts, the last change, the attributes, and the time where trials run."""
    relatives: tuple[object, ...] = ()
    """The marks of the study that it comes from, and of those that come from it: its page tells of them."""


class _Read(NamedTuple):
    mark: Mark
    stored: StoredStudy
    data: StudyData


class StudySource:
    """The studies and workers of a storage, for threads that ask at the same time."""

    def __init__(
        self, storage: Storage, lease_seconds: float = 120, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._storage, self._lease_seconds, self._clock = storage, lease_seconds, clock
        self._studies: Kept[_Read] = Kept(MOST_TRIALS, lambda read: len(read.data.trials) + 1)

    def marks(self) -> dict[str, Mark]:
        """Every study's mark by its name, in the order in which they were made.

        Raises:
            DamagedRow: an attribute of a study is no JSON.
        """
        with reading("a study"):
            marks = {summary.name: (self._mark(summary), _parent(summary)) for summary in self._storage.summaries()}
        return {
            name: mark._replace(relatives=_relatives(name, parent, marks)) for name, (mark, parent) in marks.items()
        }

    def study(self, name: str, mark: Mark) -> StudyData:
        """That study, read if its mark is not the one it was last read with.

        Raises:
            InputError: it is gone, or another program's.
            DamagedRow: a row of it holds what vsearch cannot have written.
        """

        def read(former: _Read | None) -> _Read:
            # What ended does not change, so the trials of a study that only went on need not be read again.
            goes_on = former is not None and _goes_on(former.mark, mark)
            stored = former.stored if former is not None and goes_on else open_study(self._storage, name)
            return _Read(mark, stored, study_data(stored))

        return self._studies.get(name, mark, read).data

    def overviews(self) -> list[Overview]:
        """All studies at a glance, those that cannot be read included."""
        return overviews(self._storage)

    def workers(self) -> list[WorkerView]:
        """The workers that have not ended in order."""
        return worker_views(self._storage, self._lease_seconds)

    def _mark(self, summary: StudySummary) -> Mark:
        counts = {state.name: number for state, number in summary.counts.items()}
        attrs = json.dumps(summary.user_attrs, sort_keys=True)
        moment = int(self._clock() // RUNNING_SECONDS) if counts["RUNNING"] else None
        rest = (tuple(sorted(counts.items())), summary.last_changed, summary.best_value, attrs, moment)
        done = counts["COMPLETE"] + counts["PRUNED"] + counts["FAIL"]
        return Mark(summary.study_id, summary.first_started, done, rest)


def _parent(summary: StudySummary) -> str:
    text = summary.user_attrs.get(attributes.SPEC)
    spec = planned_of(text) if isinstance(text, str) else None
    return "" if spec is None else spec.parent


def _relatives(name: str, parent: str, marks: Mapping[str, tuple[Mark, str]]) -> tuple[object, ...]:
    children = tuple(mark for mark, other in marks.values() if other == name)
    return (*children, marks[parent][0]) if parent in marks else children


def _goes_on(former: Mark, mark: Mark) -> bool:
    """Whether it is still the same study: SQLite gives the number of a deleted one to the next."""
    is_same = (former.study_id, former.first_started) == (mark.study_id, mark.first_started)
    return is_same and former.first_started is not None and former.done <= mark.done
