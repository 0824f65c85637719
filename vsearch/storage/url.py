"""Database URLs: which ones are accepted, and how they are shown without their password."""

import re
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from vsearch.errors import InputError, shorten

EXAMPLES = "sqlite:///vsearch.db or postgresql://user:password@host:5432/database"
# A bare postgresql:// means another driver in each SQLAlchemy: psycopg2 up to 2.0, psycopg from 2.1.
POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg2")
POSTGRES_DRIVER = "postgresql+psycopg2"
MAX_PORT = 65535

_ENCODE = (
    "; percent-encode the special characters of user name and password, for example @ as %40, / as %2F, "
    "# as %23, ? as %3F, % as %25"
)
_SECRET_KEYS = r"(?:ssl)?(?:password|passwd|pwd)"


def parse_url(text: str) -> sqlalchemy.URL:
    """The SQLAlchemy URL of a SQLite file or a PostgreSQL database, with the driver that vsearch uses.

    The password may also stand in the query (`?password=`); it always ends up in the URL's `password`, which
    SQLAlchemy does not show.

    Raises:
        InputError: any other database, a malformed URL. The message never repeats what may be a password.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise InputError(_not_a_url(text))
    if not text.isprintable():
        raise InputError(f"the database URL contains a control character{_ENCODE}")
    if scheme == "sqlite":
        return _parse_sqlite(rest)
    if scheme in POSTGRES_SCHEMES:
        return _parse_postgres(rest)
    named = f" {scheme!r}" if re.fullmatch(r"[A-Za-z0-9+.-]{1,24}", scheme) else ""
    raise InputError(f"vsearch knows no database scheme{named}; a database is {EXAMPLES}")


def default_url(data_folder: Path) -> str:
    """The URL of the embedded database in `data_folder`."""
    return f"sqlite:///{data_folder.absolute() / 'vsearch.db'}"


def redact(url_or_text: str) -> str:
    """`url_or_text` with `***` for each password of a URL and each `password=` value.

    >>> redact("postgresql://ada:s3cret@db.example/vsearch?sslpassword=x")
    'postgresql://ada:***@db.example/vsearch?sslpassword=***'
    """
    # A lone URL may hold spaces in its password; inside a text a space ends the URL.
    is_lone_url = re.match(r"[A-Za-z][\w+.-]*://", url_or_text) is not None
    run = r".*" if is_lone_url else r"\S*"
    flags = re.DOTALL if is_lone_url else 0
    text = re.sub(rf"(://[^\s/:@]*):({run})@", r"\1:***@", url_or_text, flags=flags)
    # Without an @ what follows the colon is a port, or the password of somebody who forgot the host.
    text = re.sub(r"(://[^\s/:@\[]*):(?!\*\*\*@)(?!\d{1,5}(?:[/?\s]|$))[^\s@]*", r"\1:***", text)
    return re.sub(rf"(?i)\b({_SECRET_KEYS}\s*=\s*)('[^']*'|[^\s&'\"]+)", r"\1***", text)


def _not_a_url(text: str) -> str:
    if not text:
        return f"the database URL is empty; write {EXAMPLES}"
    if any(mark in text for mark in "@:=;"):
        return f"that is not a database URL (it has no '://'); write {EXAMPLES}"
    shown = shorten(text)
    return f"{shown!r} is not a database URL; for a file write sqlite:///{shown}, for a server postgresql://…"


def _parse_sqlite(rest: str) -> sqlalchemy.URL:
    path = rest[1:]
    if not rest.startswith("/"):
        raise InputError(
            "a SQLite URL needs three slashes before a relative path and four before an absolute one, "
            "for example sqlite:///vsearch.db or sqlite:////data/vsearch.db"
        )
    if path in ("", ":memory:") or path.startswith("file:"):
        raise InputError("a study must outlive its process: name a SQLite file, for example sqlite:///vsearch.db")
    if "?" in path or "#" in path:
        raise InputError("a SQLite URL takes no options and no '?' or '#'; write sqlite:///vsearch.db")
    return sqlalchemy.URL.create("sqlite", database=path)


def _parse_postgres(rest: str) -> sqlalchemy.URL:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    has_bad_percent = re.search(r"%(?![0-9A-Fa-f]{2})", rest) is not None
    if rest.count("@") > 1 or ("@" in rest and "@" not in authority) or "#" in rest or " " in rest or has_bad_percent:
        raise InputError(f"the PostgreSQL URL cannot be read{_ENCODE}")
    user, _, host = authority.rpartition("@")
    _check_host(host)
    if user.startswith(":"):
        raise InputError(
            "the PostgreSQL URL has a password but no user; write postgresql://user:password@host/database"
        )
    try:
        url: sqlalchemy.URL | None = sqlalchemy.make_url(f"{POSTGRES_DRIVER}://{rest}")
    except (SQLAlchemyError, ValueError):
        # Raised below, outside this block, so that no chained error carries the text with the password.
        url = None
    if url is None:
        raise InputError(f"the PostgreSQL URL cannot be read{_ENCODE}")
    if not url.database or "/" in url.database:
        raise InputError("the PostgreSQL URL must end in one database name: postgresql://user:password@host/database")
    return _with_password_hidden(url)


def _check_host(host: str) -> None:
    match = re.fullmatch(r"(?P<name>\[[0-9A-Fa-f:.%]*\]|[^:\[\]]*)(?::(?P<port>.*))?", host)
    if match is None:
        raise InputError(f"the host of the PostgreSQL URL cannot be read; an IPv6 address stands in [ ]{_ENCODE}")
    port = match["port"]
    # The port is not repeated: where the host was forgotten, it is the password.
    if port is not None and not (port.isascii() and port.isdigit() and 1 <= int(port) <= MAX_PORT):
        raise InputError(
            f"the port of the PostgreSQL URL is not a number from 1 to {MAX_PORT}; "
            "write postgresql://user:password@host:5432/database"
        )


def _with_password_hidden(url: sqlalchemy.URL) -> sqlalchemy.URL:
    """`url` with the password of its query, if it has one, in its proper place."""
    password = url.query.get("password")
    if password is None:
        return url
    if not isinstance(password, str):
        raise InputError("the PostgreSQL URL names more than one password; keep one")
    return url.difference_update_query(["password"]).set(password=unquote(password))
