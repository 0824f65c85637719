"""Figures and notes of studies, kept up to date in their storage while workers train.

Many workers may ask for it: one draws, under a short lease, and not more often than is of use to who looks.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vsearch.errors import StorageAway, VsearchError
from vsearch.reports.board import Board
from vsearch.reports.study_data import StudyData, study_data
from vsearch.search.budget import is_exhausted
from vsearch.search.relatives import parent_of, planned_specs
from vsearch.search.stored import StoredStudy, refreshed

VERSION = 2
"""Of the drawing: pictures of another one are drawn anew."""
LEAST_SECONDS = 30.0
"""Between two drawings; optuna-dashboard asks every 10 s, and what is written often is read half of the time torn."""
LARGEST_SHARE = 1 / 20
"""Of its time that a worker may spend on drawing."""
LEASE_SECONDS = 60.0
"""Far more than a drawing takes."""
FAILED_SECONDS = 600.0
"""After a drawing that failed."""
POLL_SECONDS = 0.2
MOST_NOTES = 400
"""Trials that get a note: optuna-dashboard looks for each through all of them, at every request."""

log = logging.getLogger(__name__)


@dataclass
class Painter:
    """Draws the pictures of studies for one worker.

    Args:
        name: the worker's.
        sleep: waits so many seconds for another painter; it may end the wait by an exception.
    """

    name: str
    sleep: Callable[[float], None] = time.sleep
    _next: dict[int, float] = field(default_factory=dict)

    def refresh(self, study: StoredStudy) -> bool:
        """Draw the study's pictures if they are not up to date and it is time; whether they were drawn here.

        Those of a study that has just ended are drawn in any case, by whoever comes first. A fault is logged and has
        no other consequence: pictures never end a worker.
        """
        try:
            is_over = is_exhausted(study)
            if not is_over and time.monotonic() < self._next.get(study.study_id, 0.0):
                return False
            self._next[study.study_id] = time.monotonic() + LEAST_SECONDS
            is_drawn = self._draw_if_due(study, is_over=is_over)
            if is_drawn and is_over and (parent := parent_of(study)) is not None:
                self._draw_if_due(parent, is_over=True)  # whose note tells what came out
            return is_drawn
        except StorageAway as error:  # the worker itself tells of it
            log.debug("the pictures of %s are not drawn: %s", study.name, error)
        except VsearchError as error:
            log.warning("the pictures of %s are not drawn: %s", study.name, error)
        except Exception:
            log.exception("the pictures of %s are not drawn", study.name)
            self._next[study.study_id] = time.monotonic() + FAILED_SECONDS
        return False

    def draw(self, study: StoredStudy) -> None:
        """Draw the study's pictures now.

        Raises:
            VsearchError: the storage, or the study in it, cannot be read or written.
        """
        while not self._take_and_draw(study, state_of(study)):
            self._wait_for_another(study)

    def _draw_if_due(self, study: StoredStudy, *, is_over: bool) -> bool:
        state, storage = state_of(study), study.storage
        while True:
            last = storage.drawing(study.study_id)
            if last.state == state:
                return False
            if not is_over:
                # Who drew last draws on: each worker that begins to needs a second and the memory for Plotly.
                pause = max(LEAST_SECONDS, last.seconds / LARGEST_SHARE) * (1 if last.holder == self.name else 2)
                if last.is_held or (last.state and last.seconds_ago < pause):
                    return False
            if self._take_and_draw(study, state):
                return True
            if not is_over:
                return False
            self._wait_for_another(study)  # who may draw what was there before the last trial ended

    def _wait_for_another(self, study: StoredStudy) -> None:
        refreshed(study)  # refused where it is gone: nobody draws that
        self.sleep(POLL_SECONDS)

    def _take_and_draw(self, study: StoredStudy, state: str) -> bool:
        storage = study.storage
        if not storage.take_drawing(study.study_id, self.name, LEASE_SECONDS):
            return False
        begun = time.monotonic()
        try:
            change = board(study_data(study), storage.trial_ids(study.study_id)).attributes
        except BaseException:
            storage.release_drawing(study.study_id, self.name)
            raise
        return storage.write_drawing(study.study_id, self.name, state, time.monotonic() - begun, change)


def board(data: StudyData, trial_ids: dict[int, int]) -> Board:
    """The figures and notes of a study.

    Args:
        trial_ids: the ids of its trials by their numbers.
    """
    from vsearch.reports.drawing.plotly_chart import figure_json
    from vsearch.reports.figures import study_figures
    from vsearch.reports.notes import study_note, trial_note

    figures = {name: figure_json(chart(data)) for name, chart in study_figures(data).items()}
    noted = [trial for trial in data.trials if trial.curve is not None]
    if len(noted) > MOST_NOTES:
        first = {trial.number for trial in (*data.finished[: MOST_NOTES // 2], *data.paper, *noted[-MOST_NOTES // 2 :])}
        noted = [trial for trial in noted if trial.number in first or trial is data.baseline]
    notes = {trial_ids[trial.number]: trial_note(data, trial) for trial in noted if trial.number in trial_ids}
    return Board(figures, study_note(data), notes)


def state_of(study: StoredStudy) -> str:
    """What the pictures of a study show, as a short text that changes with it."""
    tally = study.storage.tally(study.study_id)
    excluded = study.storage.count_excluded(study.study_id)
    own = f"{VERSION} {study.state} {study.spec.trials} {tally.done} {tally.failed} {excluded}"
    return f"{own}{_state_of_children(study)}"


def _state_of_children(study: StoredStudy) -> str:
    """So many planned studies come from it, and so many of their trainings have ended."""
    names = [spec.name for spec in planned_specs(study.storage) if spec.parent == study.name]
    if not names:
        return ""
    try:
        tallies = [study.storage.tally(study.storage.get_study_id_from_name(name)) for name in names]
    except KeyError:  # deleted meanwhile
        return f" {len(names)}"
    return f" {len(names)} {sum(tally.done + tally.failed for tally in tallies)}"
