"""The name of a study: what is allowed, and what it is where none is given."""

import re
from collections.abc import Sequence

from vsearch.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_study_name(name: str) -> None:
    """Refuse a name that could not be typed, listed or used as a file name everywhere.

    Raises:
        InputError: not 1 … 100 letters, digits, `.`, `_`, `-`, beginning with a letter or digit.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise InputError(
            f"the study name {name[:60]!r} ({len(name)} characters) is not allowed; use 1 to 100 letters, digits, "
            "'.', '_' or '-', beginning with a letter or digit"
        )


def default_name(families: Sequence[str], dataset: str, network: str) -> str:
    """Families, data set and network, with the characters that a name may have: `triangle-cifar10-resnet32`."""
    folder = dataset.removeprefix("folder:").rstrip("/").rsplit("/", 1)[-1]
    text = re.sub(r"[^A-Za-z0-9._]+", "-", "-".join([*families, folder, network]))
    return re.sub(r"\.{2,}", ".", text)[:100]
