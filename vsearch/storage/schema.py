"""Optuna's tables and ours: made once, under a lock, and recognised when another version made them."""

import sqlalchemy
from optuna.storages import RDBStorage
from sqlalchemy.pool import NullPool

from vsearch.errors import StorageError
from vsearch.storage.engine import Target
from vsearch.storage.lock import WHOLE_DATABASE, claim_lock
from vsearch.storage.migrate import check_own_revision, upgrade_tables
from vsearch.storage.retry import Retry
from vsearch.storage.tables import REVISION


def prepare_tables(target: Target, retry: Retry, *, create: bool) -> None:
    """Make Optuna's tables and ours if they are missing; of processes that start at once, one makes them.

    Raises:
        StorageError: they are missing and `create` is False, they cannot be made, or another vsearch made them.
    """
    engine = sqlalchemy.create_engine(target.url, creator=target.connect, poolclass=NullPool)
    lock = claim_lock(target, engine, retry)
    if target.path and retry.run(lambda: _journal_mode(engine)) != "wal":
        with lock.hold(WHOLE_DATABASE):
            retry.run(lambda: _use_write_ahead_log(engine, target))
    if retry.run(lambda: has_tables(engine, target.location)):
        return
    if not create:
        raise StorageError(f"database {target.location} holds no studies; create one there first")
    with lock.hold(WHOLE_DATABASE):
        if not retry.run(lambda: has_optuna_tables(engine)):
            retry.run(lambda: _make_tables(target))
        retry.run(lambda: _make_own_tables(engine))


def has_tables(engine: sqlalchemy.Engine, location: str) -> bool:
    """Whether Optuna's tables and ours are there.

    Raises:
        StorageError: ours were made by an older or a newer vsearch.
    """
    with engine.connect() as connection:
        is_ours = check_own_revision(connection, location)
    return is_ours and has_optuna_tables(engine)


def has_optuna_tables(engine: sqlalchemy.Engine) -> bool:
    """Whether Optuna finished making its tables: the revision comes last."""
    with engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table(REVISION.name):
            return False
        return connection.execute(sqlalchemy.select(REVISION.c.version_num)).first() is not None


def check_revision(storage: RDBStorage, location: str) -> None:
    """Make sure that this Optuna can use the tables; they are never changed without being asked.

    Raises:
        StorageError: an older or a newer Optuna made them.
    """
    found, wanted = storage.get_current_version(), storage.get_head_version()
    if found == wanted:
        return
    if found in storage.get_all_versions():
        raise StorageError(
            f"database {location} was made by an older Optuna (tables {found}, needed {wanted}); "
            "make a backup, stop all workers and run: vsearch storage upgrade"
        )
    raise StorageError(
        f"database {location} was made by a newer Optuna (tables {found}, known {wanted}); "
        "upgrade here: pip install --upgrade optuna vsearch"
    )


def _make_tables(target: Target) -> None:
    try:
        made = RDBStorage(target.url_template(), target.engine_settings())
    except RuntimeError:
        made = None  # tables from before Optuna numbered them
    if made is None:
        raise StorageError(f"database {target.location} was made by a very old Optuna; use a new database") from None
    made.remove_session()
    made.engine.dispose()


def _make_own_tables(engine: sqlalchemy.Engine) -> None:
    with engine.begin() as connection:
        upgrade_tables(connection)


def _journal_mode(engine: sqlalchemy.Engine) -> str:
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def _use_write_ahead_log(engine: sqlalchemy.Engine, target: Target) -> None:
    with engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar()
    if mode != "wal":
        raise StorageError(
            f"the file system of {target.location} cannot hold SQLite's write-ahead log; use a local disk"
        )
