"""Making and recognising vsearch's own tables; changing those of an older version is left to a person."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from vsearch.errors import StorageError
from vsearch.storage.own_tables import own_tables

_MIGRATIONS = Path(__file__).parent / "migrations"


def stored_revision(connection: sa.Connection) -> str | None:
    """The revision of vsearch's tables in this database; None if there are none."""
    tables = own_tables(connection.dialect.name)
    options = {"version_table": tables.revision, "version_table_schema": tables.schema}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def upgrade_tables(connection: sa.Connection, revision: str = "head") -> None:
    """Bring vsearch's tables to a revision, this version's by default, inside the connection's transaction.

    Tables that are of that revision stay as they are.
    """
    schema = own_tables(connection.dialect.name).schema
    if schema is not None and not sa.inspect(connection).has_schema(schema):
        connection.execute(sa.schema.CreateSchema(schema))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def own_head() -> str:
    """The revision of vsearch's tables that this version needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def check_own_revision(connection: sa.Connection, location: str, *, is_older_allowed: bool = False) -> bool:
    """Whether the tables are this version's; False if there are none, or older ones that are allowed.

    Raises:
        StorageError: an older or a newer vsearch made them.
    """
    found, script = stored_revision(connection), ScriptDirectory.from_config(_config())
    if found is None or found == script.get_current_head():
        return found is not None
    if found in {revision.revision for revision in script.walk_revisions()}:
        if is_older_allowed:
            return False
        raise StorageError(
            f"database {location} was made by an older vsearch (tables {found}, needed {script.get_current_head()}); "
            "make a backup, stop all workers and run: vsearch storage upgrade"
        )
    raise StorageError(
        f"database {location} was made by a newer vsearch (tables {found}, known {script.get_current_head()}); "
        "upgrade here: pip install --upgrade vsearch"
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
