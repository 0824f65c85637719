"""What a failed database call means: worth another try or not, and in plain words."""

from typing import NamedTuple

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from vsearch.errors import shorten
from vsearch.storage.url import redact

DATABASE_ERRORS = (SQLAlchemyError, StorageInternalError)


class Failure(NamedTuple):
    """Why a call failed, and whether the same call may succeed in a moment."""

    is_transient: bool
    reason: str
    may_pass: bool = False
    """Not in a moment, but when somebody has made room or the new primary server has taken over."""


# SQLSTATE codes and classes; PostgreSQL's manual, appendix A.
_TRANSIENT_STATES = ("08", "40001", "40P01", "53300", "55P03", "57", "25P03")
_STATE_REASONS = {
    "28P01": "the server refused the password; correct it in the URL",
    "28": "the server does not let this user in; check user name, password and pg_hba.conf",
    "3D000": "there is no such database; create it with createdb, or correct the name",
    "3F000": "the schema does not exist; correct search_path",
    "42501": "the user lacks the permission; grant it, or use another user",
    "25006": "the database is read-only; use the primary server, or a user who may write",
    "53100": "the server's disk is full; free some space",
    "53300": "the server has no free connection; raise max_connections or put pgbouncer before it",
    "40": "the server kept rolling the change back",
    "55P03": "another process holds a lock for too long",
    "57014": "the server took too long",
    "57P03": "the server is starting up or shutting down",
}
_MAY_PASS = ("25006", "53100")
# A refused connection has no SQLSTATE in psycopg2, only a text. A server that speaks another language falls through
# to "transient" and so only costs the waiting time.
_TEXT_FAILURES = {
    "password authentication failed": Failure(False, _STATE_REASONS["28P01"]),
    "no password supplied": Failure(False, "the server wants a password; add it to the URL or to ~/.pgpass"),
    "pg_hba.conf": Failure(False, _STATE_REASONS["28"]),
    'role "': Failure(False, _STATE_REASONS["28"]),
    "permission denied": Failure(False, _STATE_REASONS["42501"]),
    "invalid connection option": Failure(False, "an option of the URL is unknown to libpq; remove it"),
    "invalid sslmode": Failure(False, "the URL's sslmode is unknown; it may be require, verify-full, disable …"),
    "root certificate": Failure(False, "the server's certificate cannot be checked; see sslrootcert and sslmode"),
    "too many": Failure(True, _STATE_REASONS["53300"]),
    "remaining connection slots": Failure(True, _STATE_REASONS["53300"]),
    "could not translate host name": Failure(True, "the host name is unknown; check the URL"),
    "connection refused": Failure(True, "no server answers there; start it, or check host and port"),
    "timeout expired": Failure(True, "the server does not answer; check host, port and firewall"),
    "no route to host": Failure(True, "the host cannot be reached; check host and network"),
}
_SQLITE_FAILURES = {
    "SQLITE_BUSY": Failure(True, "another process keeps the database locked"),
    "SQLITE_LOCKED": Failure(True, "another process keeps the database locked"),
    "SQLITE_PROTOCOL": Failure(True, "another process keeps the database locked"),
    "SQLITE_READONLY": Failure(False, "the file cannot be written; check the permissions of file and folder"),
    "SQLITE_PERM": Failure(False, "the file cannot be written; check the permissions of file and folder"),
    "SQLITE_CANTOPEN": Failure(False, "the file cannot be opened; check the permissions of file and folder"),
    "SQLITE_FULL": Failure(False, "the disk is full; free some space", may_pass=True),
    "SQLITE_NOTADB": Failure(False, "the file is not a SQLite database; name another file"),
    "SQLITE_CORRUPT": Failure(False, "the file is damaged; restore it from a backup"),
    "SQLITE_IOERR_SHMSIZE": Failure(False, "the disk is full; free some space", may_pass=True),
    "SQLITE_IOERR": Failure(False, "the disk is full or fails; free some space, or check it"),
}


def classify(error: BaseException) -> Failure | None:
    """What `error` means, or None if the database is not to blame."""
    if isinstance(error, StorageInternalError):
        return classify(error.__cause__) if error.__cause__ is not None else Failure(False, _first_line(error))
    if isinstance(error, PoolTimeoutError):
        return Failure(True, "all connections of this process are in use")
    if isinstance(error, PendingRollbackError):
        # Optuna runs into this where it goes on after the real error, a lost connection.
        return Failure(True, "the connection was lost")
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    if getattr(error.orig, "sqlite_errorname", None):
        return _sqlite_failure(error.orig)
    return _postgres_failure(error, error.orig)


def _sqlite_failure(orig: BaseException) -> Failure:
    name = str(getattr(orig, "sqlite_errorname", ""))
    for known, failure in _SQLITE_FAILURES.items():
        if name.startswith(known):
            return failure
    return Failure(False, _first_line(orig))


def _postgres_failure(error: DBAPIError, orig: BaseException) -> Failure:
    state = getattr(orig, "pgcode", None)
    if state:
        reason = next((_STATE_REASONS[key] for key in (state, state[:2]) if key in _STATE_REASONS), _first_line(orig))
        is_transient = error.connection_invalidated or state.startswith(_TRANSIENT_STATES)
        return Failure(is_transient, reason, may_pass=state in _MAY_PASS)
    text = str(orig).lower()
    if "database" in text and "does not exist" in text:
        return Failure(False, _STATE_REASONS["3D000"])
    for part, failure in _TEXT_FAILURES.items():
        if part in text:
            return failure
    is_connection = error.connection_invalidated or type(orig).__name__ in ("OperationalError", "InterfaceError")
    return Failure(is_connection, _first_line(orig))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return shorten(redact(" ".join(lines[0].split())), 200)
