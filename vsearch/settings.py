"""Settings of this machine and user: flag > environment (`VSEARCH_*`) > default, each with its origin.

What describes a study is no setting: it lives in the study spec.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import platformdirs

from vsearch.errors import DataError, InputError

DATABASE = "vsearch.db"
PASSWORD_FILE = "VSEARCH_STORAGE_PASSWORD_FILE"
"""Names a file that holds the password of a storage URL without one, as secrets are handed to containers."""
DASHBOARD_PASSWORD_FILE, DASHBOARD_PASSWORD = "VSEARCH_DASHBOARD_PASSWORD_FILE", "VSEARCH_DASHBOARD_PASSWORD"
"""The file that holds the dashboard's password, or the password itself; the file wins."""
LEAST_PASSWORD = 8
"""Characters of the dashboard's password."""


@dataclass(frozen=True)
class Setting:
    """A value and where it comes from."""

    value: str
    origin: str
    """`flag`, the name of the environment variable, or `default`."""


@dataclass(frozen=True)
class Option:
    """A setting that a user may give: its environment variable, what it is for, and its default in words."""

    name: str
    variable: str
    doc: str
    default: str


OPTIONS = (
    Option("home", "VSEARCH_HOME", "folder of the embedded database and the checkpoints", "the user's data folder"),
    Option("storage", "VSEARCH_STORAGE", "URL of the database", "SQLite in the home folder"),
    Option("storage-timeout", "VSEARCH_STORAGE_TIMEOUT", "seconds to retry a database that does not answer", "60"),
    Option("data-dir", "VSEARCH_DATA_DIR", "folder of the data sets", "the folder data in the home folder"),
    Option(
        "checkpoints",
        "VSEARCH_CHECKPOINTS",
        "where checkpoints go: a folder, an fsspec URL such as s3://bucket/folder, or `database`",
        "database with PostgreSQL, else the folder checkpoints in the home folder",
    ),
    Option("lease", "VSEARCH_LEASE", "seconds without progress after which another worker takes a trial over", "120"),
    Option("outage", "VSEARCH_OUTAGE", "seconds that a worker waits for a database that went away", "3600"),
    Option(
        "device",
        "VSEARCH_DEVICE",
        "auto, cpu, cuda or cuda:N; for vsearch worker also all, a worker on each GPU",
        "auto",
    ),
)


@dataclass(frozen=True)
class Settings:
    """All settings, resolved."""

    home: Setting
    storage: Setting
    storage_timeout: Setting
    data_dir: Setting
    checkpoints: Setting
    lease: Setting
    outage: Setting
    device: Setting

    def __post_init__(self) -> None:
        _seconds("storage-timeout", self.storage_timeout, 0)
        _seconds("lease", self.lease, 1)
        _seconds("outage", self.outage, 0)

    @property
    def home_path(self) -> Path:
        """The folder of the embedded database, of the workers' logs and of their locks."""
        return _folder(self.home.value)

    @property
    def is_untouched(self) -> bool:
        """Whether the storage is the embedded database and nothing was ever stored in it."""
        return self.storage.origin == "default" and not (self.home_path / DATABASE).exists()

    @property
    def data_path(self) -> Path:
        """The folder of the data sets."""
        return _folder(self.data_dir.value)

    @property
    def retry_seconds(self) -> float:
        """How long a database that does not answer is tried again."""
        return _seconds("storage-timeout", self.storage_timeout, 0)

    @property
    def lease_seconds(self) -> float:
        """How long a worker holds a trial without making progress."""
        return _seconds("lease", self.lease, 1)

    @property
    def outage_seconds(self) -> float:
        """How long a worker waits for a database that was there and went away."""
        return _seconds("outage", self.outage, 0)

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, for a child process (a URL never goes on a command line)."""
        return {option.variable: self.by_name(option.name).value for option in OPTIONS}

    def by_name(self, name: str) -> Setting:
        """The setting that the command line calls `name`."""
        found: Setting = getattr(self, name.replace("-", "_"))
        return found


def resolve(flags: Mapping[str, str | None] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Args:
        flags: values from the command line by option name; None means not given.
        environ: the environment (default: this process's).
    """
    flags = flags or {}
    environ = os.environ if environ is None else environ
    home = _given("home", flags, environ) or Setting(_user_folder(), "default")
    folder = _folder(home.value)
    defaults = {
        "storage": f"sqlite:///{folder.absolute()}/{DATABASE}",
        "storage-timeout": "60",
        "data-dir": str(folder / "data"),
        "lease": "120",
        "outage": "3600",
        "device": "auto",
    }
    rest = {
        name.replace("-", "_"): _given(name, flags, environ) or Setting(default, "default")
        for name, default in defaults.items()
    }
    rest["checkpoints"] = _given("checkpoints", flags, environ) or Setting(
        _default_checkpoints(rest["storage"], folder), "default"
    )
    if PASSWORD_FILE in environ:
        rest["storage"] = _with_password(rest["storage"], _not_empty(environ[PASSWORD_FILE], PASSWORD_FILE))
    return Settings(home=home, **rest)


def _given(name: str, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Setting | None:
    variable = next(option.variable for option in OPTIONS if option.name == name)
    flag = flags.get(name)
    if flag is not None:
        return Setting(_not_empty(flag, f"--{name}"), "flag")
    if variable in environ:
        return Setting(_not_empty(environ[variable], variable), variable)
    return None


def _default_checkpoints(storage: Setting, home: Path) -> str:
    """Where all workers of the storage reach them: those of SQLite run on one machine."""
    return "database" if storage.value.strip().startswith("postgres") else str(home.absolute() / "checkpoints")


def _with_password(storage: Setting, file: str) -> Setting:
    """The storage with the password that a file holds; SQLite needs none, and one in the URL wins."""
    scheme, _, rest = storage.value.partition("://")
    user, at, place = rest.rpartition("@")
    if not scheme.startswith("postgres") or not at or ":" in user:
        return storage
    password = _secret(file, PASSWORD_FILE).strip()
    if not password or "\n" in password:
        raise InputError(f"{file} ({PASSWORD_FILE}) must hold the password, in one line, and nothing else")
    return Setting(f"{scheme}://{user}:{quote(password, safe='')}@{place}", storage.origin)


@dataclass(frozen=True)
class DashboardPassword:
    """What the dashboard asks browsers for."""

    text: str = field(repr=False)
    exposed: str = ""
    """The file of this user that holds it, if others on this machine can read that; else empty."""


def dashboard_password(file: str | None = None, environ: Mapping[str, str] | None = None) -> DashboardPassword | None:
    """The dashboard's password, from `file` (`--password-file`) or the environment; None where none is set.

    One newline at its end is no part of it.

    Raises:
        DataError: the file cannot be read.
        InputError: it is shorter than `LEAST_PASSWORD` characters, or has a line break.
    """
    environ = os.environ if environ is None else environ
    origin = "--password-file" if file is not None else DASHBOARD_PASSWORD_FILE
    file = environ.get(DASHBOARD_PASSWORD_FILE) if file is None else file
    if file is None:
        text = environ.get(DASHBOARD_PASSWORD)
        return None if text is None else DashboardPassword(_checked_password(text, DASHBOARD_PASSWORD))
    text = _checked_password(_secret(_not_empty(file, origin), origin), f"{file} ({origin})")
    return DashboardPassword(text, file if _is_exposed(Path(file)) else "")


def _checked_password(text: str, origin: str) -> str:
    text = text.removesuffix("\n").removesuffix("\r")
    if len(text) < LEAST_PASSWORD or any(character in text for character in "\r\n\0"):
        raise InputError(
            f"{origin} must hold the dashboard's password, in one line of at least {LEAST_PASSWORD} characters, "
            "and nothing else; make one with: openssl rand -hex 24"
        )
    return text


def _secret(file: str, origin: str) -> str:
    try:
        return _folder(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DataError(f"cannot read {file} ({origin}): {reason}; name a file that holds the password") from None


def _is_exposed(file: Path) -> bool:
    """Whether a file of this user can be read by others; what a container is handed is not this user's."""
    file = _folder(str(file)).resolve()
    status = file.stat()
    is_open = bool(status.st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in file.parents)
    return is_open and status.st_uid == os.geteuid()


def _user_folder() -> str:
    try:
        return platformdirs.user_data_dir("vsearch", appauthor=False)
    except RuntimeError:
        raise DataError("this user has no home folder; set VSEARCH_HOME to a folder of yours") from None


def _seconds(name: str, setting: Setting, least: int) -> float:
    try:
        seconds = float(setting.value)
    except ValueError:
        seconds = -1.0
    if not least <= seconds <= 86_400:
        raise InputError(f"{name} is {setting.value!r} ({setting.origin}); give seconds from {least} to 86400")
    return seconds


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise DataError(f"no home folder is known for {text!r}; set VSEARCH_HOME to a folder of yours") from None


def _not_empty(text: str, origin: str) -> str:
    if "\0" in text:
        raise InputError(f"{origin} holds a NUL character; give a plain text")
    if not text.strip():
        raise InputError(f"{origin} is empty; give a value or leave it out")
    return text


def inherited_environment() -> dict[str, str]:
    """This process's environment, for a child process."""
    return dict(os.environ)


def colour_wish(environ: Mapping[str, str] | None = None) -> bool | None:
    """Whether the user wants colours whatever they are written to; None if that is left to the terminal.

    `NO_COLOR` says no, `FORCE_COLOR` and `CLICOLOR_FORCE` yes (unless they are 0); the first is the stronger one.

    >>> colour_wish({"NO_COLOR": "1", "FORCE_COLOR": "1"}), colour_wish({"CLICOLOR_FORCE": "1"}), colour_wish({})
    (False, True, None)
    """
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return False
    is_forced = any(environ.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    return True if is_forced else None
