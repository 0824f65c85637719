"""Optuna's own test suite for storages, on ours."""

import pickle
from collections.abc import Iterator

import pytest
from optuna.storages import BaseStorage
from optuna.testing.pytest_storages import StorageTestCase

from vsearch.storage import Storage, open_storage


def emptied(storage: Storage) -> Storage:
    """`storage` without its studies; cheaper than a new database for each of 59 tests."""
    for study in storage.get_all_studies():
        storage.delete_study(study._study_id)
    return storage


class Conformance(StorageTestCase):
    """Optuna's suite, except that a storage of ours refuses to be pickled (it would carry its password)."""

    def test_pickle_storage(self, storage: BaseStorage) -> None:
        with pytest.raises(TypeError, match="open_storage"):
            pickle.dumps(storage)


@pytest.fixture(scope="class")
def sqlite_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    opened = open_storage(f"sqlite:///{tmp_path_factory.mktemp('conformance') / 'studies.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="class")
def postgres_storage(class_postgres_url: str) -> Iterator[Storage]:
    opened = open_storage(class_postgres_url)
    yield opened
    opened.close()


class TestSqlite(Conformance):
    @pytest.fixture
    def storage(self, sqlite_storage: Storage) -> BaseStorage:
        return emptied(sqlite_storage)


class TestPostgres(Conformance):
    @pytest.fixture
    def storage(self, postgres_storage: Storage) -> BaseStorage:
        return emptied(postgres_storage)
