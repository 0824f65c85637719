"""The Python interface to studies, with the nouns of the command line.

>>> from vsearch import study
>>> from vsearch.spec import StudySpec
>>> search = study.create(StudySpec(("triangle",), dataset="digits", trials=20))  # doctest: +SKIP
>>> search.run()  # doctest: +SKIP
>>> search.best().trial.curve  # doctest: +SKIP
Triangle(peak=1.31, floor=0.84, apex=7.2)
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import optuna

from vsearch.errors import VsearchError, unknown_name
from vsearch.search import control, excluding, ranking, stored, trials
from vsearch.search.budget import is_exhausted
from vsearch.search.ranking import Best
from vsearch.search.trials import TrialResult
from vsearch.settings import Settings, resolve
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage, open_storage
from vsearch.storage.attempts import Attempt
from vsearch.storage.checkpoints import CheckpointStore, open_store
from vsearch.storage.exclusions import Event
from vsearch.worker.fleet import Fleet, choose_crew

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Study:
    """A study in its storage."""

    stored: stored.StoredStudy
    settings: Settings

    @property
    def spec(self) -> StudySpec:
        """The description that the study was made with."""
        return self.stored.spec

    @property
    def optuna_study(self) -> optuna.Study:
        """The study as Optuna sees it, for its own plots and tools."""
        return self.stored.optuna_study

    @property
    def is_done(self) -> bool:
        """Whether no trial can begin any more."""
        return is_exhausted(self.stored)

    def trials(self) -> list[TrialResult]:
        """Every trial by number; `[trial.row() for trial in study.trials()]` makes a data frame."""
        return trials.trial_results(self.stored)

    def best(self) -> Best:
        """The finished trial with the highest validation accuracy.

        A search score is the luckiest of many noisy ones: no claim that the curve beats the baseline.

        Raises:
            VsearchError: no trial has finished.
        """
        return ranking.best(self.trials())

    def trial(self, number: int) -> TrialResult:
        """One trial.

        Raises:
            InputError: there is none of that number.
        """
        return trials.trial_of(self.stored, number)

    def attempts(self, number: int) -> list[Attempt]:
        """Each time that a worker took a trial, first to last."""
        storage = self.stored.storage
        return storage.attempts(storage.get_trial_id_from_study_id_trial_number(self.stored.study_id, number))

    def events(self) -> list[Event]:
        """What people did to the study and its trials, oldest first."""
        return self.stored.storage.events(self.stored.study_id)

    def stop(self) -> bool:
        """Let workers finish their trials and take no new one; False if the study is stopped already."""
        return control.stop(self.stored)

    def pause(self) -> bool:
        """Let workers put their trials back with their last epoch; False if the study is paused already."""
        return control.pause(self.stored)

    def resume(self, **budget: float | None) -> "Study":
        """Let workers take trials again, with another budget if one is given: `trials`, `max_epochs` …"""
        return Study(control.resume(self.stored, **budget), self.settings)

    def cancel(self) -> list[int]:
        """End running and waiting trials at once; they count for nothing. Gives their numbers."""
        return control.cancel(self.stored, self._checkpoints)

    def delete(self, *, force: bool = False) -> None:
        """Remove the study, its trials and their checkpoints for good.

        Raises:
            InputError: workers train its trials, and `force` is not given.
        """
        control.delete(self.stored, self._checkpoints, force=force)

    def exclude(self, number: int, reason: str) -> "Study":
        """Take an ended trial out of the study: sampler, pruner, `best` and budget pass over it from now on."""
        return Study(excluding.exclude(self.stored, number, reason), self.settings)

    def include(self, number: int) -> "Study":
        """Take an excluded trial in again as it was."""
        return Study(excluding.include(self.stored, number), self.settings)

    def run(
        self,
        *,
        workers: int | None = None,
        slots: int | Literal["auto"] | None = None,
        threads: int | None = None,
        download: bool = False,
        watch: Callable[["Study"], Any] | None = None,
    ) -> Best:
        """Train with local workers until the study has spent its trials; gives the best of a search.

        Args:
            workers: processes; default one per core on a CPU, one on a GPU or where `slots` are given.
            slots: trainings at the same time in each; `auto`, the default on a GPU, lets each find out.
            threads: of the CPU for each training; default 1, or found with the slots.
            download: fetch a data set that is missing.
            watch: called about twice a second.

        Raises:
            KeyboardInterrupt: after every worker has put its trial back.
            VsearchError: a worker could not work, or no trial has finished.
        """
        self.train(workers=workers, slots=slots, threads=threads, download=download, watch=watch)
        return self.best()

    def train(
        self,
        *,
        workers: int | None = None,
        slots: int | Literal["auto"] | None = None,
        threads: int | None = None,
        download: bool = False,
        watch: Callable[["Study"], Any] | None = None,
    ) -> None:
        """As `run`, for a study of any purpose: whether any trial has finished is not asked."""
        crew = choose_crew(self.settings.device.value, workers, threads, slots)
        fleet = Fleet(self.stored.name, self.settings, *crew, download=download)
        try:
            if not self.is_done:
                fleet.start()
            while fleet.is_running():
                if watch is not None:
                    watch(self)
                time.sleep(POLL_SECONDS)
        except BaseException:
            _stop(fleet)
            raise
        if watch is not None:
            watch(self)

    @property
    def _checkpoints(self) -> CheckpointStore:
        return open_store(self.settings.checkpoints.value, self.stored.storage)


def create(spec: StudySpec, settings: Settings | None = None) -> Study:
    """Store a new study, with its baseline as trial 0.

    Raises:
        InputError: a study of that name exists.
        StorageError: the storage cannot be used.
    """
    settings = settings or resolve()
    return Study(stored.create_study(_storage(settings), spec), settings)


def create_or_open(spec: StudySpec, settings: Settings | None = None) -> tuple[Study, bool]:
    """The study of that spec, and whether it is new.

    Raises:
        InputError: a study of that name exists with another spec.
    """
    settings = settings or resolve()
    found, is_new = stored.create_or_open(_storage(settings), spec)
    return Study(found, settings), is_new


def open_study(name: str, settings: Settings | None = None) -> Study:
    """The study of that name.

    Raises:
        InputError: there is none.
    """
    settings = settings or resolve()
    if settings.is_untouched:
        raise unknown_name("study", name, [])
    return Study(stored.open_study(_storage(settings, create=False), name), settings)


def _storage(settings: Settings, *, create: bool = True) -> Storage:
    return open_storage(settings.storage.value, create=create, retry_seconds=settings.retry_seconds)


def _stop(fleet: Fleet) -> None:
    """Stop the workers; a second Ctrl-C meanwhile kills them."""
    try:
        fleet.stop()
    except KeyboardInterrupt:
        fleet.kill()


__all__ = ["Best", "Study", "TrialResult", "VsearchError", "create", "create_or_open", "open_study"]
