"""Settings: flag over environment over default, each with its origin."""

from pathlib import Path

import pytest
import sqlalchemy

from vsearch.errors import DataError, InputError
from vsearch.settings import OPTIONS, resolve


def test_a_flag_wins_over_the_environment_and_that_over_the_default(tmp_path: Path) -> None:
    environ = {"VSEARCH_HOME": str(tmp_path), "VSEARCH_DEVICE": "cuda:1"}
    found = resolve({"device": "cpu"}, environ)
    assert (found.device.value, found.device.origin) == ("cpu", "flag")
    assert (found.home.value, found.home.origin) == (str(tmp_path), "VSEARCH_HOME")
    assert (found.storage_timeout.value, found.storage_timeout.origin) == ("60", "default")


def test_everything_lies_in_the_home_unless_told_otherwise(tmp_path: Path) -> None:
    found = resolve({"home": str(tmp_path), "data-dir": "/images"}, {})
    assert found.storage.value == f"sqlite:///{tmp_path}/vsearch.db"
    assert found.checkpoints.value == str(tmp_path / "checkpoints")
    assert found.data_path == Path("/images")


def test_checkpoints_lie_in_the_home_with_sqlite_and_in_the_database_with_postgres(tmp_path: Path) -> None:
    home = {"home": str(tmp_path)}
    assert resolve(home | {"storage": "sqlite:///other.db"}, {}).checkpoints.value == str(tmp_path / "checkpoints")
    for url in ("postgresql://h/db", "postgres://h/db", "postgresql+psycopg2://h/db"):
        assert resolve(home, {"VSEARCH_STORAGE": url}).checkpoints.value == "database"
        given = resolve(home | {"storage": url}, {"VSEARCH_CHECKPOINTS": "s3://bucket/folder"}).checkpoints
        assert (given.value, given.origin) == ("s3://bucket/folder", "VSEARCH_CHECKPOINTS")


def test_a_relative_home_gives_an_absolute_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve({"home": "here"}, {}).storage.value == f"sqlite:///{tmp_path}/here/vsearch.db"


def test_the_default_home_follows_the_xdg_convention(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert resolve({}, {}).home_path == tmp_path / "vsearch"


def test_a_tilde_is_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert resolve({"data-dir": "~/images"}, {}).data_path == tmp_path / "images"
    with pytest.raises(DataError, match="VSEARCH_HOME"):
        resolve({"home": "~nobody-of-that-name/x"}, {})


@pytest.mark.parametrize("value", ["", "  ", "a\0b"])
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_empty_value_is_refused_with_its_origin(option: object, value: str) -> None:
    assert hasattr(option, "name")
    assert hasattr(option, "variable")
    with pytest.raises(InputError, match=f"--{option.name} "):
        resolve({option.name: value}, {})
    with pytest.raises(InputError, match=option.variable):
        resolve({}, {option.variable: value})


@pytest.mark.parametrize("seconds", ["-1", "soon", "nan", "inf", "86401"])
def test_a_timeout_outside_its_range_is_refused(seconds: str) -> None:
    with pytest.raises(InputError, match="0 to 86400"):
        resolve({"storage-timeout": seconds}, {})


def test_the_environment_of_a_child_gives_the_same_settings(tmp_path: Path) -> None:
    found = resolve({"home": str(tmp_path), "storage": "postgresql://u:secret@h/db", "device": "cpu"}, {})
    again = resolve({}, found.environment())
    assert again.environment() == found.environment()


def test_a_home_is_untouched_until_its_database_is_there(tmp_path: Path) -> None:
    assert resolve({"home": str(tmp_path)}, {}).is_untouched
    (tmp_path / "vsearch.db").touch()
    assert not resolve({"home": str(tmp_path)}, {}).is_untouched
    assert not resolve({"home": str(tmp_path / "x"), "storage": "postgresql://h/db"}, {}).is_untouched


@pytest.mark.parametrize("password", ["plain", "with @/:#% and ü"])
def test_the_password_of_the_storage_may_lie_in_a_file(tmp_path: Path, password: str) -> None:
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    environ = {"VSEARCH_STORAGE": "postgresql://ada@db:5432/x", "VSEARCH_STORAGE_PASSWORD_FILE": str(file)}
    url = sqlalchemy.make_url(resolve({}, environ).storage.value)
    assert (url.username, url.password, url.host, url.database) == ("ada", password, "db", "x")


@pytest.mark.parametrize("url", ["postgresql://ada:own@db/x", "sqlite:////tmp/x@y.db", "postgresql://db/x"])
def test_a_storage_with_a_password_or_without_a_user_is_left_as_it_is(tmp_path: Path, url: str) -> None:
    file = tmp_path / "password"
    file.write_text("secret")
    assert resolve({"storage": url}, {"VSEARCH_STORAGE_PASSWORD_FILE": str(file)}).storage.value == url


def test_a_password_file_that_cannot_be_used_is_named_without_its_content(tmp_path: Path) -> None:
    environ = {"VSEARCH_STORAGE": "postgresql://ada@db/x", "VSEARCH_STORAGE_PASSWORD_FILE": str(tmp_path / "none")}
    with pytest.raises(DataError, match=r"none \(VSEARCH_STORAGE_PASSWORD_FILE\): No such file"):
        resolve({}, environ)
    for content in ("", "c4nary\nc4nary2"):
        (tmp_path / "none").write_text(content)
        with pytest.raises(InputError, match="must hold the password") as caught:
            resolve({}, environ)
        assert "c4nary" not in str(caught.value)
