"""Settings: flag over environment over default, each with its origin."""

import os
from pathlib import Path

import pytest
import sqlalchemy

from vsearch.errors import DataError, InputError
from vsearch.settings import OPTIONS, dashboard_password, resolve


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


FILE, PLAIN = "VSEARCH_DASHBOARD_PASSWORD_FILE", "VSEARCH_DASHBOARD_PASSWORD"


def password_text(file: str | None, environ: dict[str, str]) -> str | None:
    found = dashboard_password(file, environ)
    return None if found is None else found.text


def test_the_dashboards_password_comes_from_the_flag_then_a_file_then_the_environment(tmp_path: Path) -> None:
    for name in ("flag", "file"):
        (tmp_path / name).write_text(f"from the {name}\n")
    everything = {FILE: str(tmp_path / "file"), PLAIN: "from the environment"}
    assert password_text(str(tmp_path / "flag"), everything) == "from the flag"
    assert password_text(None, everything) == "from the file"
    assert password_text(None, {PLAIN: "from the environment"}) == "from the environment"
    assert password_text(None, {}) is None


@pytest.mark.parametrize(
    ("content", "password"),
    [
        ("12345678", "12345678"),
        ("12345678\n", "12345678"),
        ("12345678\r\n", "12345678"),
        (" pass word ü \n", " pass word ü "),
    ],
)
def test_one_newline_at_its_end_is_no_part_of_it(tmp_path: Path, content: str, password: str) -> None:
    (tmp_path / "file").write_bytes(content.encode())
    assert password_text(str(tmp_path / "file"), {}) == password


@pytest.mark.parametrize("content", ["", "\n", "c4nary", "c4nary7\n\n", "c4nary\nc4nary2", "c4nary\0c4nary"])
def test_one_that_is_too_short_or_of_several_lines_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_bytes(content.encode())
    for file, environ in ((str(tmp_path / "file"), {}), (None, {PLAIN: content})):
        with pytest.raises(InputError, match="in one line of at least 8 characters") as caught:
            dashboard_password(file, environ)
        assert "c4nary" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_of_it_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none \(--password-file\): No such file"):
        dashboard_password(str(tmp_path / "none"), {})
    with pytest.raises(InputError, match=f"{FILE} is empty"):
        dashboard_password(None, {FILE: " "})
    (tmp_path / "latin").write_bytes(b"p\xe4ssword")
    with pytest.raises(DataError, match="not UTF-8"):
        dashboard_password(None, {FILE: str(tmp_path / "latin")})


def test_a_file_of_it_that_others_can_read_is_noticed_and_its_text_never_shown(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.geteuid():
            above.chmod(above.stat().st_mode | 0o011)
    file = folder / "password"
    file.write_text("c4nary c4nary")
    for file_mode, folder_mode, is_exposed in ((0o644, 0o755, True), (0o600, 0o755, False), (0o644, 0o700, False)):
        file.chmod(file_mode)
        folder.chmod(folder_mode)
        found = dashboard_password(str(file), {})
        assert found is not None
        assert found.exposed == (str(file) if is_exposed else "")
        assert "c4nary" not in repr(found)
