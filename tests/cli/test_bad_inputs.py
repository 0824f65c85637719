from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def test_x(cli: Cli) -> None:
    reveal_type(cli)
