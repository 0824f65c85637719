"""Database URLs: what is accepted, what is refused, and that no password gets out."""

import logging
import traceback
from pathlib import Path

import pytest
import sqlalchemy

from vsearch.errors import InputError, StorageError, VsearchError
from vsearch.storage import default_url, open_storage, parse_url, redact

CANARY = "c4n4rY"
MALFORMED = [
    f"postgresql://ada:{CANARY}@x@host/db",
    f"postgresql://ada:x@{CANARY}@host/db",
    f"postgresql://ada:{CANARY}/x@host/db",
    f"postgresql://ada:x#{CANARY}@host/db",
    f"postgresql://ada:x?{CANARY}@host/db",
    f"postgresql://ada:100%{CANARY}@host/db",
    f"postgresql://ada:{CANARY} x@host/db",
    f"postgresql://ada:{CANARY}",
    f"postgresql://ada:{CANARY}/db",
    f"postgresql://ada:{CANARY}@host:port/db",
    f"postgresql://ada:{CANARY}@host:99999/db",
    f"postgresql://ada:{CANARY}@host",
    f"postgresql://ada:{CANARY}[@host/db",
    f"postgresql://host/db?password={CANARY}&password=x",
    f"postgresql://:{CANARY}@host/db",
    f"ada:{CANARY}@host/db",
    f"host=h user=ada password={CANARY}",
    f"mysql://ada:{CANARY}@host/db",
    f"postgresql+{CANARY}:x://host/db",
    f"sqlite://ada:{CANARY}@host/db",
]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_postgres_scheme_gets_the_same_driver(scheme: str) -> None:
    url = parse_url(f"{scheme}://ada:s3cret@db.example:5433/studies")

    assert url == sqlalchemy.URL.create(
        "postgresql+psycopg2", "ada", "s3cret", host="db.example", port=5433, database="studies"
    )


def test_a_sqlite_url_keeps_its_path() -> None:
    assert parse_url("sqlite:////data/my studies.db").database == "/data/my studies.db"
    assert parse_url("sqlite:///a.db").database == "a.db"


def test_percent_encoded_characters_are_decoded() -> None:
    assert parse_url("postgresql://ada:%40%2F%23%3F%25%7B@host/db").password == "@/#?%{"


def test_an_ipv6_host_is_accepted() -> None:
    assert parse_url("postgresql://ada@[::1]:5432/db").host == "::1"


def test_a_password_in_the_query_moves_to_where_it_is_not_shown() -> None:
    url = parse_url(f"postgresql://ada@host/db?sslmode=require&password={CANARY}")

    assert url.password == CANARY
    assert dict(url.query) == {"sslmode": "require"}
    assert CANARY not in f"{url} {url!r}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "runs.db",
        "/data/runs.db",
        "mysql://h/db",
        "mongodb://h/db",
        "http://h/",
        "redis://h/0",
        "postgresql+psycopg://h/d",
    ],
)
def test_anything_but_sqlite_and_postgres_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"sqlite:///.*postgresql://") as caught:
        parse_url(text)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://runs.db", "sqlite:///a?mode=ro"]
)
def test_a_sqlite_url_must_name_a_file(text: str) -> None:
    with pytest.raises(InputError, match="sqlite:///vsearch"):
        parse_url(text)


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "54x2", "٣"])
def test_a_bad_port_is_refused(port: str) -> None:
    with pytest.raises(InputError, match="1 to 65535"):
        parse_url(f"postgresql://ada@host:{port}/db")


@pytest.mark.parametrize("character", list("@/#?% "))
def test_a_special_character_in_a_password_asks_to_be_percent_encoded(character: str) -> None:
    with pytest.raises(InputError, match="percent-encode"):
        parse_url(f"postgresql://ada:a{character}b@host/db")


@pytest.mark.parametrize("text", MALFORMED)
def test_no_password_leaks_from_a_malformed_url(text: str) -> None:
    with pytest.raises(VsearchError) as caught:
        open_storage(text, create=False, retry_seconds=0)

    assert CANARY not in everything_said(caught.value)
    assert "\n" not in str(caught.value)


def test_no_password_leaks_from_a_server_that_cannot_be_reached(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(StorageError) as caught:
        open_storage(f"postgresql://ada:{CANARY}@127.0.0.1:1/db?password={CANARY}", retry_seconds=0.2)

    assert "ada@127.0.0.1:1/db" in str(caught.value)
    assert CANARY not in everything_said(caught.value) + caplog.text


def everything_said(error: BaseException) -> str:
    """All that a person or a log could see of `error` and of the errors behind it, shown or not."""
    said = "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        said += f"{link} {link!r} {link.args}"
        link = link.__cause__ or link.__context__
    # The traceback quotes this file's lines, which name the constant but not its value.
    return said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:s3@host/db", "postgresql://ada:***@host/db"),
        ("postgresql://ada:s@3@host/db", "postgresql://ada:***@host/db"),
        ("postgresql://ada:s 3@host/db", "postgresql://ada:***@host/db"),
        ("postgresql://ada@host:5432/db", "postgresql://ada@host:5432/db"),
        ("postgresql://ada:s3cret", "postgresql://ada:***"),
        ("postgresql://h/db?password=s3&sslmode=require", "postgresql://h/db?password=***&sslmode=require"),
        ("cannot open postgres://ada:s3@host/db today", "cannot open postgres://ada:***@host/db today"),
        ("host=h password='s 3' user=ada", "host=h password=*** user=ada"),
        ("sqlite:///a.db", "sqlite:///a.db"),
        ("no URL at all", "no URL at all"),
    ],
)
def test_redact_hides_passwords_and_nothing_else(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_the_default_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    url = parse_url(default_url(tmp_path))

    assert Path(str(url.database)).parent == tmp_path
