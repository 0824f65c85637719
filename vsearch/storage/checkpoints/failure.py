"""Why a place for checkpoints refused, in one line and without its secrets."""

import errno
import re
from urllib.parse import unquote, urlsplit

from vsearch.errors import DataError, shorten
from vsearch.storage.url import redact

_BY_NUMBER = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the quota is used up; free some space",
    errno.EFBIG: "the file is larger than this process may write; raise the limit (ulimit -f) or free some space",
    errno.EROFS: "it is read-only; choose a place that can be written",
    errno.EACCES: "permission denied; correct the permissions or the credentials",
    errno.EPERM: "permission denied; correct the permissions or the credentials",
    errno.ENOTDIR: "a file stands where a folder should be; choose another place",
    errno.ECONNREFUSED: "no server answers there; start it, or check host and port",
}
_BY_WORD = (
    (r"privilege|permission", "correct the permissions or the credentials"),
    (r"credential|access ?key|access_?denied|forbidden|unauthorized|login|authenticat|\b40[13]\b|signature|token",
     "check the credentials"),
    (r"no ?such ?bucket|bucket does not exist|bucket .*not|\b404\b|not ?found|no such file",
     "check the name of the bucket or folder"),
    (r"time[d]?[ -]?out|connect|resolve|name or service|unreachable|network|\beof\b|\bssl\b|address",
     "check the network and the address"),
    (r"no space|quota|disk full|insufficient", "free some space"),
    (r"read-?only", "choose a place that can be written"),
)  # fmt: skip


def refusal(action: str, place: str, error: BaseException) -> DataError:
    """The error that tells which place refused what, why, and what to do."""
    return DataError(f"cannot {action} {redact(place)}: {_without_secrets(_reason(error), place)}")


def _reason(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _BY_NUMBER:
        return _BY_NUMBER[number]
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    lines = text.strip().splitlines() or [""]
    text = " ".join(lines[0].split()) or type(error).__name__
    searched = f"{type(error).__name__} {text}".lower()
    advice = next((advice for pattern, advice in _BY_WORD if re.search(pattern, searched)), "check the place")
    return f"{shorten(text, 160)}; {advice} (vsearch doctor tries it)"


def _without_secrets(text: str, place: str) -> str:
    """`text` without the password that `place` may hold, however it is quoted there."""
    authority = place.partition("://")[2].partition("/")[0]
    password = authority.rpartition("@")[0].partition(":")[2]
    try:
        parsed = urlsplit(place).password
    except ValueError:
        parsed = None
    for secret in {password, unquote(password), parsed}:
        if secret:
            text = text.replace(secret, "***")
    return redact(text)
