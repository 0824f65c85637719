"""Bringing the tables of an older vsearch or Optuna to this version's, for a person who has asked for it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from optuna.storages import RDBStorage
from sqlalchemy.pool import NullPool

from vsearch.errors import StorageError
from vsearch.storage.clock import now
from vsearch.storage.engine import target_of
from vsearch.storage.filesystem import check_file
from vsearch.storage.lock import WHOLE_DATABASE, claim_lock
from vsearch.storage.migrate import check_own_revision, own_head, stored_revision, upgrade_tables
from vsearch.storage.own_tables import own_tables
from vsearch.storage.retry import Retry
from vsearch.storage.schema import check_revision, has_optuna_tables
from vsearch.storage.url import parse_url


class Change(NamedTuple):
    """Tables that are of another version than this vsearch needs."""

    owner: str
    """`Optuna` or `vsearch`."""
    found: str | None
    """None where there are no tables yet."""
    needed: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.owner}'s tables from {self.found or 'none'} to {self.needed}"


class Upgrade:
    """The upgrade of one database: `changes` says what is to be done, `run` does it."""

    def __init__(self, url: str, retry_seconds: float = 60) -> None:
        self._url = parse_url(url)
        target = target_of(self._url)
        if target.path:
            check_file(target.path, create=False)
        self.location = target.location
        self._engine = sa.create_engine(target.url, creator=target.connect, poolclass=NullPool)
        self._retry = Retry(target.location, retry_seconds)
        self._lock = claim_lock(target, self._engine, self._retry)

    def changes(self) -> list[Change]:
        """What is to be done, nothing if the tables are this version's.

        Raises:
            StorageError: there are no tables, or a newer vsearch or Optuna made them.
        """
        return self._retry.run(self._changes)

    def holders(self) -> list[str]:
        """The workers that hold a trial, as far as their leases tell; they must not work while tables change."""
        return self._retry.run(self._holders)

    def run(self) -> None:
        """Change the tables; an upgrade that broke off is completed.

        Raises:
            StorageError: the database refuses; what to do is told.
        """
        with self._lock.hold(WHOLE_DATABASE):
            for change in self.changes():
                work = self._upgrade_optuna if change.owner == "Optuna" else self._upgrade_own
                self._retry.run(work)

    def _changes(self) -> list[Change]:
        if not has_optuna_tables(self._engine):
            raise StorageError(f"database {self.location} holds no studies; make its tables with: vsearch storage init")
        optuna = self._optuna()
        found, needed = optuna.get_current_version(), optuna.get_head_version()
        if found not in optuna.get_all_versions():
            check_revision(optuna, self.location)
        changes = [Change("Optuna", found, needed)] if found != needed else []
        with self._engine.connect() as connection:
            own = stored_revision(connection)
            if own is not None:
                check_own_revision(connection, self.location, is_older_allowed=True)
        return changes + ([Change("vsearch", own, own_head())] if own != own_head() else [])

    def _holders(self) -> list[str]:
        with self._engine.connect() as connection:
            leases = own_tables(connection.dialect.name).leases
            if not sa.inspect(connection).has_table(leases.name, schema=leases.schema):
                return []
            # These columns are in every version.
            query = sa.select(leases.c.worker).where(leases.c.expires > now(connection)).distinct()
            return sorted(connection.execute(query).scalars())

    def _upgrade_own(self) -> None:
        with self._engine.begin() as connection:
            upgrade_tables(connection)

    def _upgrade_optuna(self) -> None:
        with _quiet_alembic():
            self._optuna().upgrade()

    def _optuna(self) -> RDBStorage:
        """Optuna's own storage. Its migrations connect by the URL alone, so this one holds the password."""
        url = self._url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
        settings = {"poolclass": NullPool}
        return RDBStorage(url, settings, skip_compatibility_check=True, skip_table_creation=True)


@contextmanager
def _quiet_alembic() -> Iterator[None]:
    """Keep Optuna's migrations from setting up this process's logging: they do so where nobody has."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
