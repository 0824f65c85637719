"""A store of each kind with a trial in it that workers take one after another."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState

from vsearch.storage import Storage
from vsearch.storage.checkpoints import CheckpointStore, Key, RemoteStore, open_store

PLACES = ("folder", "memory", "file", "sqlite", "postgres")


class Stage:
    """A place with a study, whose trials are held by one worker after another."""

    def __init__(self, place: str, storage: Storage) -> None:
        self.place, self.storage = place, storage
        self.study = f"s-{uuid.uuid4().hex}"
        self.study_id = storage.create_new_study([StudyDirection.MAXIMIZE], self.study)
        self.store = self.other_store()

    def other_store(self) -> CheckpointStore:
        """The store once more, as another worker has it."""
        if self.place.startswith("file://"):
            return RemoteStore(self.place)
        return open_store(self.place, self.storage)

    def take(self, trial_id: int | None = None) -> Key:
        """A new trial, or a given one that its worker lost, is taken by a worker; the key of that."""
        if trial_id is None:
            trial_id = self.storage.create_new_trial(self.study_id)
        else:
            self.storage.put_back(trial_id, "lost")
            assert self.storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        fence = self.storage.take_lease(self.study_id, trial_id, f"worker-{uuid.uuid4().hex}", 60)
        number = self.storage.get_trial_number_from_id(trial_id)
        return Key(self.study, self.study_id, number, trial_id, fence)

    def contents(self, key: Key) -> list[bytes]:
        """What another worker reads."""
        return [content for _, content in self.other_store().read(key)]


def make_stage(kind: str, folder: Path, request: pytest.FixtureRequest) -> Stage:
    storage: Storage = request.getfixturevalue("shared_postgres" if kind == "postgres" else "shared_sqlite")
    places = {
        "folder": str(folder / "checkpoints"),
        "memory": f"memory://{uuid.uuid4().hex}/checkpoints",
        "file": f"file://{folder}/checkpoints",
    }
    return Stage(places.get(kind, "database"), storage)


@pytest.fixture(params=PLACES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A store of each kind."""
    yield make_stage(request.param, tmp_path, request)
    fsspec.filesystem("memory").store.clear()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A store in each database."""
    return make_stage(request.param, tmp_path, request)


@pytest.fixture
def _unwritable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """In its folder the test may write nothing, be it root's or not."""
    if os.geteuid() == 0:
        request.getfixturevalue("as_stranger")
        yield
        return
    tmp_path.chmod(0o555)
    yield
    tmp_path.chmod(0o755)
