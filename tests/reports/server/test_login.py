"""The dashboard's password: who is let in, how many guesses there are, and whom guessing keeps out."""

import logging
from base64 import b64encode
from typing import Any

import pytest

from vsearch.reports.server.login import GUESSES, MAX_SIDES, WINDOW_SECONDS, Login

RIGHT = "päss wörd:7"


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def status(login: Login, password: str | None, address: str = "192.0.2.1", cookie: str = "", user: str = "ada") -> int:
    """The status of the refusal, 200 for none."""
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": address, "HTTP_COOKIE": cookie}
    if password is not None:
        environ["HTTP_AUTHORIZATION"] = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    refusal = login.refusal(environ)
    return 200 if refusal is None else int(refusal.status.split()[0])


def cookie_of(login: Login, **environ: str) -> str:
    ((name, value),) = login.cookie(environ)
    assert name == "Set-Cookie"
    assert "HttpOnly" in value
    assert "SameSite=Strict" in value
    return value.partition(";")[0]


def use_up(login: Login, **side: str) -> None:
    for number in range(GUESSES):
        assert status(login, f"guess {number}", **side) == 401


@pytest.mark.parametrize("user", ["ada", "", "vsearch"])
def test_the_right_password_is_enough_whoever_brings_it(user: str) -> None:
    assert status(Login(RIGHT), RIGHT, user=user) == 200


@pytest.mark.parametrize("password", [None, "", "päss wörd:", "päss wörd:77", "PÄSS WÖRD:7", "wörd:7"])
def test_nothing_else_is(password: str | None) -> None:
    assert status(Login(RIGHT), password) == 401


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic ", "Basic !!!", "Basic YQ==", "Bearer YTpw", "Basic ä", "Basic " + "A" * 100_001]
)
def test_a_header_that_holds_no_password_asks_for_one(header: str) -> None:
    refusal = Login(RIGHT).refusal({"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": header})
    assert refusal is not None
    assert refusal.status.startswith("401")
    assert dict(refusal.headers)["WWW-Authenticate"].startswith("Basic realm=")


def test_after_ten_wrong_ones_nothing_more_is_listened_to_for_a_minute() -> None:
    clock = Clock()
    login = Login(RIGHT, clock)
    use_up(login)
    assert status(login, "an eleventh") == 429
    assert status(login, RIGHT) == 429  # else each guess would still be told
    clock.now += WINDOW_SECONDS + 1
    assert status(login, "a twelfth") == 401
    assert status(login, RIGHT) == 200


def test_one_side_does_not_lock_out_another() -> None:
    login = Login(RIGHT)
    use_up(login)
    assert status(login, RIGHT, address="192.0.2.2") == 200


def test_a_browser_that_knew_it_is_let_in_from_the_address_that_guesses() -> None:
    login = Login(RIGHT)
    cookie = cookie_of(login)
    use_up(login)
    assert status(login, RIGHT) == 429
    assert status(login, RIGHT, cookie=f"other=1; {cookie}") == 200
    assert login.cookie({"HTTP_COOKIE": cookie}) == []


def test_the_cookie_opens_nothing_and_gives_no_more_guesses_than_an_address() -> None:
    login = Login(RIGHT)
    cookie = cookie_of(login)
    assert status(login, None, cookie=cookie) == 401
    use_up(login, cookie=cookie)
    assert status(login, RIGHT, cookie=cookie) == 429


def test_a_cookie_that_was_made_up_is_none() -> None:
    login = Login(RIGHT)
    use_up(login)
    name, seal = cookie_of(login).split(".")
    for forged in (f"{name}.{'0' * 64}", f"vsearch_browser={'0' * 32}.{seal}", cookie_of(Login(RIGHT))):
        assert status(login, RIGHT, cookie=forged) == 429


def test_the_same_wrong_password_again_is_no_further_guess() -> None:
    """An open page goes on to send the password that was right yesterday."""
    login = Login(RIGHT)
    for _ in range(5 * GUESSES):
        assert status(login, "yesterday's") == 401
    assert status(login, RIGHT) == 200


def test_a_network_of_ipv6_is_one_side() -> None:
    login = Login(RIGHT)
    for number in range(GUESSES):
        assert status(login, f"guess {number}", address=f"2001:db8::{number}") == 401
    assert status(login, "more", address="2001:db8::ffff") == 429
    assert status(login, RIGHT, address="2001:db8:0:1::1") == 200
    assert status(login, RIGHT, address="::1") == 200


def test_the_sides_that_are_remembered_are_bounded() -> None:
    login = Login(RIGHT)
    for number in range(MAX_SIDES + 50):
        assert status(login, "wrong", address=f"10.0.{number // 256}.{number % 256}") == 401
    assert len(login._wrong) == MAX_SIDES


def test_a_wrong_password_is_logged_with_its_address_and_without_itself(caplog: pytest.LogCaptureFixture) -> None:
    login = Login(RIGHT)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            status(login, "c4nary", user="c4nary")
        status(login, RIGHT)
        status(login, None)
    assert [record.getMessage() for record in caplog.records] == ["a wrong password came from 192.0.2.1"]
    assert "c4nary" not in caplog.text + repr(login.refusal({"REQUEST_METHOD": "GET"}))
