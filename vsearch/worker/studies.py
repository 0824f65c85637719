"""The studies that a worker serves, each with its images once they are needed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from vsearch.errors import DataError, InputError, VsearchError
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import Claim, claim_trial
from vsearch.search.damage import DamagedRow, reading
from vsearch.search.patience import Patience
from vsearch.search.stored import StoredStudy, open_study, refreshed
from vsearch.settings import Settings
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage
from vsearch.storage.checkpoints import CheckpointStore
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.presence import put_back_orphans
from vsearch.worker.workplace import Workplace, device_name

log = logging.getLogger("vsearch.worker")


@dataclass
class ServedStudies:
    """Opens studies, loads their images, and claims their trials for one worker.

    Args:
        names: the studies to serve; empty: every open study of the storage, passing over those it cannot train.
        worker: its name.
        patience: with a database that is away, shared by all trials of the worker.
        set_up: makes a study's workplace, with the arguments of `vsearch.worker.workplace.set_up`.
    """

    storage: Storage
    settings: Settings
    names: Sequence[str]
    worker: str
    device: torch.device
    checkpoints: CheckpointStore
    patience: Patience
    interrupts: Interrupts
    download: bool
    set_up: Callable[..., Workplace]
    unusable: dict[int, VsearchError] = field(default_factory=dict)
    """Why each study that was passed over cannot be trained here, by its id."""
    _opened: dict[str, StoredStudy] = field(default_factory=dict)
    _workplaces: dict[StudySpec, Workplace] = field(default_factory=dict)

    def current(self) -> list[StoredStudy]:
        """The studies as they are now; images of those that have ended are let go."""
        studies = []
        for name in self.names or self.storage.study_names():
            try:
                self._opened[name] = refreshed(self._opened.get(name) or open_study(self.storage, name))
            except InputError as error:
                self._opened.pop(name, None)
                if self.names:
                    raise
                log.debug("left alone: %s", error)
                continue
            studies.append(self._opened[name])
        needed = {study.spec.without_budget() for study in studies if study.state == "open"}
        for spec in self._workplaces.keys() - needed:
            del self._workplaces[spec]
        return studies

    def has_work(self, study: StoredStudy) -> bool:
        """Whether a trial may be left to train here, after those that nobody trains any more wait again."""
        if study.study_id in self.unusable:
            return False
        with reading(f"a trial of {study.name}"):
            for number, waits in put_back_orphans(study, self.settings.home_path / "workers"):
                word = "waits again" if waits else "failed: it was lost too often"
                log.warning("trial %d of %s %s: its worker is gone", number, study.name, word)
            return not is_exhausted(study)

    def is_over(self, study: StoredStudy) -> bool:
        """Whether nothing of it will be trained here."""
        return study.study_id in self.unusable or is_exhausted(study)

    def workplace(self, study: StoredStudy) -> Workplace | None:
        """The study's images on the device; None if they cannot be had and the study is passed over.

        Raises:
            DataError, InputError: they cannot be had, and the study was asked for by name.
            Stopped: a signal came meanwhile.
        """
        key = study.spec.without_budget()
        if key not in self._workplaces:
            try:
                with self.interrupts.breakable():  # a download may take long
                    self._workplaces[key] = self.set_up(
                        study,
                        data_path=self.settings.data_path,
                        checkpoints=self.checkpoints,
                        device=self.device,
                        download=self.download,
                    )
            except (DataError, InputError) as error:
                self.pass_over(study, error)
                return None
        return self._workplaces[key]

    def claim(self, study: StoredStudy) -> Claim | None:
        """The study's next trial, None if it has none now."""
        with reading(f"a trial of {study.name}"):
            return claim_trial(study, self.worker, self.settings.lease_seconds, device_name(self.device), self.patience)

    def pass_over(self, study: StoredStudy, error: DataError | InputError | DamagedRow) -> None:
        """Serve the study no more.

        Raises:
            VsearchError: `error`, if the study was asked for by name.
        """
        if self.names:
            raise error
        log.warning("passing over %s: %s", study.name, error)
        self.unusable[study.study_id] = error
