"""Databases, folders, devices and images that are not what they should be: one line, its exit code, nothing marred."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Result

CREATE = ("study", "create", "--family", "triangle", "--name", "one")
CANARY = "c4nary"
ENCODE = "percent-encode"


def refused(result: "Result", code: int, *words: str) -> None:
    """The command failed with that code and said so in its last line, which is the only one that is an error."""
    lines = result.err.splitlines()
    assert result.code == code, result
    assert lines[-1].startswith("vsearch: "), result.err
    assert sum(line.startswith("vsearch: ") for line in lines) == 1
    assert "Traceback" not in result.err
    assert [word for word in words if word not in lines[-1]] == [], lines[-1]


@contextmanager
def unmarred(cli: "Cli") -> Iterator[None]:
    """Inside the block the study `one`, which is made before it, stays as it is."""
    assert cli(*CREATE, "--dataset", "cifar10").code == 0
    before = cli("study", "show", "one", "--json").out
    yield
    assert cli("study", "show", "one", "--json").out == before
    assert set(cli.states("one")) == {"waiting"}


URLS = [
    (f"mysql://u:{CANARY}@h/db", 2, ("'mysql'", "sqlite:///", "postgresql://")),
    ("http://x", 2, ("'http'", "postgresql://")),
    ("/tmp/x.db", 2, ("sqlite:////tmp/x.db",)),
    ("", 2, ("--storage", "empty")),
    ("sqlite://x.db", 2, ("three slashes",)),
    ("sqlite:///:memory:", 2, ("outlive",)),
    (f"postgresql://u:{CANARY}@h:abc/db", 2, ("port", "65535")),
    (f"postgresql://u:{CANARY}@h:70000/db", 2, ("port", "65535")),
    (f"postgresql://u:{CANARY}@x@h/db", 2, (ENCODE, "%40")),
    (f"postgresql://u:{CANARY}/x@h/db", 2, (ENCODE, "%2F")),
    (f"postgresql://u:{CANARY}#x@h/db", 2, (ENCODE, "%23")),
    (f"postgresql://u:{CANARY}%zz@h/db", 2, (ENCODE, "%25")),
    (f"postgresql://u:{CANARY}@h", 2, ("database name",)),
    (f"user=u password={CANARY} host=h", 2, ("://",)),
    (f"postgresql://u:{CANARY}@127.0.0.1:1/db", 3, ("no server answers", "u@127.0.0.1:1/db")),
    (f"postgres://u:{CANARY}@127.0.0.1:1/db", 3, ("no server answers",)),
    ("sqlite:////dev/null/x/y.db", 3, ("/dev/null/x",)),
    ("sqlite:////tmp", 3, ("folder", "sqlite:////tmp/vsearch.db")),
]


@pytest.mark.parametrize("command", [CREATE, ("study", "list"), ("worker", "--study", "one")], ids=lambda c: c[1])
@pytest.mark.parametrize(("url", "code", "words"), URLS, ids=lambda value: str(value)[:30])
def test_a_storage_that_cannot_be_used_is_told_without_its_password(
    cli: "Cli", command: tuple[str, ...], url: str, code: int, words: tuple[str, ...]
) -> None:
    result = cli(*command, "--storage", url, "--storage-timeout", "0")
    if url.startswith("sqlite:////dev/null") and "create" not in command:
        words = ("/dev/null/x",)
    refused(result, code, *words)
    assert CANARY not in result.err + result.out
    assert not cli.home.exists() or code == 3


def test_a_wrong_url_in_the_environment_is_refused_too(cli: "Cli", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VSEARCH_STORAGE", f"mysql://u:{CANARY}@h/db")
    refused(cli("study", "list"), 2, "'mysql'")
    monkeypatch.setenv("VSEARCH_STORAGE", " ")
    refused(cli("study", "list"), 2, "VSEARCH_STORAGE", "empty")


def test_the_countdown_of_a_dead_server_shows_no_password(cli: "Cli") -> None:
    result = cli.process(
        *("study", "list", "--storage-timeout", "1.5"), "--storage", f"postgresql://u:{CANARY}@127.0.0.1:1/db"
    )
    refused(result, 3, "no server answers")
    assert "trying again" in result.err
    assert CANARY not in result.err


@pytest.mark.parametrize("content", [os.urandom(5000), b"hello", b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_refused_and_kept(cli: "Cli", tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.db"
    file.write_bytes(content)
    refused(cli("study", "list", "--storage", f"sqlite:///{file}"), 3, str(file))
    refused(cli(*CREATE, "--storage", f"sqlite:///{file}"), 3, str(file))
    assert file.read_bytes() == content


def test_looking_for_studies_makes_no_database(cli: "Cli", tmp_path: Path) -> None:
    refused(cli("study", "list", "--storage", f"sqlite:///{tmp_path}/typo/x.db"), 3, "typo/x.db")
    assert "no study yet" in cli("study", "list").err
    refused(cli("study", "show", "one"), 2, "one", "no study")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_database_is_refused(cli: "Cli") -> None:
    assert cli(*CREATE).code == 0
    (cli.home / "vsearch.db").chmod(0o444)
    refused(cli(*CREATE, "--name", "two"), 3, "vsearch.db")


@pytest.mark.parametrize("home", ["{file}/below", "/dev/null/x", "/dev/null", "/proc/vsearch"])
@pytest.mark.parametrize("command", [CREATE, (*CREATE[:1], "run", *CREATE[2:]), ("worker",)], ids=lambda c: c[1:2])
def test_a_home_that_cannot_be_made_is_told_with_its_path(
    cli: "Cli", tmp_path: Path, home: str, command: tuple[str, ...]
) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    home = home.format(file=file)
    refused(cli(*command, "--home", home), 4, home, "VSEARCH_HOME")


def test_without_any_home_the_variable_to_set_is_named(cli: "Cli") -> None:
    code = (
        "import os, sys, vsearch.study, vsearch.cli.study_view\n"
        "for name in ('HOME', 'VSEARCH_HOME', 'XDG_DATA_HOME'): os.environ.pop(name, None)\n"
        "os.setuid(54321)\n"  # a user without an entry in the system's list of users
        "sys.exit(vsearch.cli.main(['study', 'list']))"
    )
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without a home")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith("vsearch: ")
    assert "VSEARCH_HOME" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_stored_study_is_not_made_again(cli: "Cli") -> None:
    with unmarred(cli):
        refused(cli(*CREATE), 2, "exists already", "vsearch study run one")
        refused(cli(*CREATE, "--epochs", "5"), 2, "epochs: stored 16, asked for 5", "--name")
        refused(
            cli("study", "run", "--family", "ramp", "--name", "one"), 2, "families: stored triangle, asked for ramp"
        )
        refused(cli("study", "run", "one", "--depth", "20", "--knob", "peak=1.2"), 2, "--depth, --knob", "resume one")
        refused(cli("study", "resume", "one", "--trials", "0"), 2, "trials", "0")
        refused(cli("study", "delete", "one"), 2, "--yes")
        refused(cli("study", "best", "one"), 1, "no trial has finished", "waiting")
        refused(cli("study", "best", "onee"), 2, "Did you mean 'one'?")
        refused(cli("study", "run", "onee", "--depth", "20"), 2, "Did you mean 'one'?")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("no json", ("damaged",)),
        ("[1]", ("version",)),
        ('{"version": 2}', ("version 2", "reads version 1")),
        ('{"version": 1}', ("damaged",)),
        ('{"version": 1, "recipe": {"name": "short", "speed": 3}, "families": ["triangle"]}', ("speed",)),
        ('{"version": 1, "recipe": {"name": "short"}, "families": ["triangle"], "depth": 33}', ("33",)),
    ],
)
def test_a_stored_spec_that_cannot_be_read_is_named(cli: "Cli", spec: str, words: tuple[str, ...]) -> None:
    assert cli(*CREATE).code == 0
    with sqlite3.connect(cli.home / "vsearch.db") as connection:
        connection.execute(
            "UPDATE study_user_attributes SET value_json = ? WHERE key = 'vsearch_spec'", [json.dumps(spec)]
        )
    connection.close()
    refused(cli("study", "show", "one"), 2, "'one'", *words)
    refused(cli("study", "run", "one"), 2, "'one'", *words)
    refused(cli(*CREATE), 2, "'one' is taken", *words)
    assert cli("study", "list", "--json").json["studies"][0]["state"] == "foreign"


def test_an_output_file_is_refused_before_anything_is_written(cli: "Cli", tmp_path: Path) -> None:
    assert cli(*CREATE).code == 0
    there = tmp_path / "there.csv"
    there.write_text("precious")
    export = ("study", "export", "one", "-o")
    refused(cli(*export, str(there)), 2, "there.csv", "--force")
    assert there.read_text() == "precious"
    refused(cli(*export, str(tmp_path)), 2, "is a folder")
    refused(cli(*export, f"{tmp_path}/none/a.csv"), 2, "does not exist")
    refused(cli(*export, "/dev/full"), 2, "No space left")
    refused(cli(*export, f"{there}/a.csv"), 2, "does not exist")
    assert cli(*export, str(there), "--force").code == 0
    assert there.read_text().startswith("number,")


def test_a_gpu_that_is_not_there_is_told_before_a_trial_is_taken(cli: "Cli") -> None:
    with unmarred(cli):
        refused(cli("worker", "--study", "one", "--device", "cuda:99"), 4, "cuda")
        refused(cli("worker", "--device", "cuda:99"), 4, "cuda")
        refused(cli("study", "run", "one", "--device", "cuda:99"), 4, "cuda")
        refused(cli("study", "run", "--family", "ramp", "--dataset", "digits", "--device", "cuda:99"), 4, "cuda")
        refused(cli("worker", "--device", "tpu"), 2, "tpu", "cuda:N")
        assert [study["name"] for study in cli("study", "list", "--json").json["studies"]] == ["one"]


def test_without_a_gpu_cuda_is_refused_and_never_replaced(cli: "Cli") -> None:
    result = cli.process("study", "run", *CREATE[2:], "--device", "cuda", environ={"CUDA_VISIBLE_DEVICES": ""})
    refused(result, 4, "cuda", "torch")
    assert "no study yet" in cli("study", "list").err


def test_missing_images_are_told_with_both_ways_to_get_them(cli: "Cli", tmp_path: Path) -> None:
    with unmarred(cli):
        ways = ("--download", "--data-dir", "VSEARCH_DATA_DIR", str(tmp_path))
        refused(cli("worker", "--study", "one", "--data-dir", str(tmp_path)), 4, "CIFAR-10", *ways)
        refused(cli("worker", "--data-dir", str(tmp_path)), 4, "CIFAR-10", *ways)
        refused(cli("study", "run", "one", "--workers", "1", "--data-dir", str(tmp_path)), 4, "CIFAR-10", *ways)
    new = ("study", "run", "--family", "ramp", "--dataset", "cifar10", "--name", "new", "--workers", "1")
    refused(cli(*new, "--data-dir", str(tmp_path)), 4, "CIFAR-10", *ways)
    refused(cli("study", "show", "new"), 2, "new")


def test_an_image_folder_without_images_is_told(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "flowers" / "train" / "rose").mkdir(parents=True)
    assert cli(*CREATE, "--dataset", f"folder:{tmp_path}/flowers").code == 0
    refused(cli("worker", "--study", "one"), 4, "flowers")
    assert set(cli.states("one")) == {"waiting"}


def test_a_reader_that_has_enough_is_no_error(trained: "Cli") -> None:
    process = trained.start("study", "export", "quick", "--format", "json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.wait(60), process.stderr.read()) == (0, "")
    process.stderr.close()


def test_a_full_disk_behind_stdout_is_told(cli: "Cli") -> None:
    with open("/dev/full", "w") as full:
        process = cli.start("curve", "show", "cifar10-resnet32", stdout=full)
        _, error = process.communicate(timeout=60)
    assert (process.returncode, error.count("\n")) == (4, 1), error
    assert "No space left" in error
