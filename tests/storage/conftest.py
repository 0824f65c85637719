"""A storage on each database for the tests of the storage layer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vsearch.storage import Storage, open_storage

Opener = Callable[..., Storage]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studies.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def opener() -> Iterator[Opener]:
    """`open_storage`, with the connections closed at the end of the test."""
    opened: list[Storage] = []

    def open_one(url: str, **settings: float) -> Storage:
        opened.append(open_storage(url, **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for storage in opened:
        storage.close()


@pytest.fixture(scope="session")
def shared_postgres(session_postgres_url: str) -> Iterator[Storage]:
    """One storage on PostgreSQL for all tests that need no database of their own (making one takes a second)."""
    opened = open_storage(session_postgres_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest, opener: Opener, tmp_path: Path) -> Storage:
    """A storage without studies, once on each database."""
    if request.param == "sqlite":
        return opener(f"sqlite:///{tmp_path / 'studies.db'}")
    shared: Storage = request.getfixturevalue("shared_postgres")
    return emptied(shared)


def emptied(storage: Storage) -> Storage:
    """`storage` without its studies."""
    for study in storage.get_all_studies():
        storage.delete_study(study._study_id)
    return storage
