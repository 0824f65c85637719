"""The dashboard's password: HTTP Basic with any user name, and a limit on how fast it can be guessed."""

import binascii
import hmac
import ipaddress
import logging
import re
import secrets
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from vsearch.reports.server.answer import Answer, line

GUESSES = 10
"""Different wrong passwords that one side may try in `WINDOW_SECONDS`."""
WINDOW_SECONDS = 60.0
MAX_SIDES = 1000
"""Sides whose wrong passwords are remembered."""
COOKIE = "vsearch_browser"

_CHALLENGE = ("WWW-Authenticate", 'Basic realm="vsearch", charset="UTF-8"')
_MARK = re.compile(rf"(?:^|; *){COOKIE}=([0-9a-f]{{32}})\.([0-9a-f]{{64}})(?:$|;)")
_log = logging.getLogger(__name__)


class Login:
    """Says of each request whether it brings the password.

    Guesses are counted for each side: an address, or a browser that has brought the right password before, which is
    known by a cookie. That cookie opens nothing. It keeps those who guess from locking out, behind the same proxy,
    those who know. A side that used up its guesses is not listened to for a minute; the same wrong password again,
    as an open page sends it, is no further guess.
    """

    def __init__(self, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._password = password.encode()
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._wrong: dict[str, dict[bytes, float]] = {}
        self._lock = threading.Lock()

    def refusal(self, environ: WSGIEnvironment) -> Answer | None:
        """What to answer instead; None if the password is right."""
        given = _given(environ.get("HTTP_AUTHORIZATION", ""))
        if given is None:
            return line(environ, "401 Unauthorized", "the dashboard asks for its password; any user name", _CHALLENGE)
        side = self._browser(environ) or _network(environ.get("REMOTE_ADDR", ""))
        digest = hmac.digest(self._key, given, "sha256")
        with self._lock:
            wrong = self._recent(side)
            is_known = digest in wrong
            if len(wrong) >= GUESSES and not is_known:
                retry = ("Retry-After", str(int(WINDOW_SECONDS)))
                return line(environ, "429 Too Many Requests", "too many wrong passwords; wait for a minute", retry)
            if hmac.compare_digest(given, self._password):
                return None
            wrong[digest] = self._clock()
            self._remember(side, wrong)
        if not is_known:
            _log.warning("a wrong password came from %s", environ.get("REMOTE_ADDR", "an unknown address"))
        return line(environ, "401 Unauthorized", "the password is wrong", _CHALLENGE)

    def cookie(self, environ: WSGIEnvironment) -> list[tuple[str, str]]:
        """The header that marks a browser which brought the password; empty if it is marked."""
        if self._browser(environ) is not None:
            return []
        name = secrets.token_hex(16)
        return [("Set-Cookie", f"{COOKIE}={name}.{self._seal(name)}; Path=/; HttpOnly; SameSite=Strict")]

    def _browser(self, environ: WSGIEnvironment) -> str | None:
        match = _MARK.search(environ.get("HTTP_COOKIE", ""))
        return match[1] if match and hmac.compare_digest(match[2], self._seal(match[1])) else None

    def _seal(self, name: str) -> str:
        return hmac.digest(self._key, name.encode(), "sha256").hex()

    def _recent(self, side: str) -> dict[bytes, float]:
        start = self._clock() - WINDOW_SECONDS
        return {digest: when for digest, when in self._wrong.get(side, {}).items() if when > start}

    def _remember(self, side: str, wrong: dict[bytes, float]) -> None:
        self._wrong.pop(side, None)
        self._wrong[side] = wrong  # the last one to guess stands last
        if len(self._wrong) > MAX_SIDES:
            del self._wrong[next(iter(self._wrong))]


def _given(header: str) -> bytes | None:
    """The password in an `Authorization` header; None if it holds none."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(text.strip(), validate=True).partition(b":")[2] or None
    except (binascii.Error, ValueError):
        return None


def _network(address: str) -> str:
    """The address; of IPv6 the network of 64 bits, since each host has all of it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.IPv6Network((int(found), 64), strict=False))
