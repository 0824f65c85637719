"""Optuna's own test suite for storages, on ours."""

import pickle

import pytest
from optuna.storages import BaseStorage
from optuna.testing.pytest_storages import StorageTestCase


class TestConformance(StorageTestCase):
    """All of it on each database, except that a storage of ours refuses to be pickled with its connection."""

    def test_pickle_storage(self, storage: BaseStorage) -> None:
        with pytest.raises(TypeError, match="open_storage"):
            pickle.dumps(storage)
