"""Pictures of curves where colours, block characters or room are lacking."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli
    from tests.cli.terminal.conftest import Terminal

OTHER_SCREEN = "\x1b[?1049h"
SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_colours_are_for_terminals_and_for_who_asks(trained_home: Path, screen: Callable[..., "Terminal"]) -> None:
    def shown(**environ: str) -> str:
        terminal = screen("study", "best", "quick", home=trained_home, **environ)
        assert terminal.wait() == 0
        return terminal.text

    assert SGR.search(shown())
    plain = shown(NO_COLOR="1", FORCE_COLOR="1")
    assert "\x1b" not in plain
    assert "┤" in plain
    assert "\x1b" not in shown(TERM="dumb")
    assert SGR.sub("", shown()) == plain


def test_a_pipe_gets_colours_only_when_asked(trained: "Cli") -> None:
    assert "\x1b" not in trained.process("study", "best", "quick").out
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        forced = trained.process("study", "best", "quick", environ={name: "1", "TERM": "xterm-256color"})
        assert SGR.search(forced.out)
        followed = trained.process("study", "watch", "quick", environ={name: "1", "TERM": "xterm-256color"})
        assert (followed.code, followed.out.count("\n")) == (0, 1)
        assert OTHER_SCREEN not in followed.out


def test_an_encoding_without_blocks_gets_ascii(trained: "Cli") -> None:
    for command in (("study", "best", "quick"), ("study", "show", "quick"), ("study", "watch", "quick", "--once")):
        shown = trained.process(*command, environ={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert shown.code == 0
        assert shown.out.isascii()
        assert "?" not in shown.out
        assert "1.00 +" in shown.out
    curve = trained.process(
        "curve", "show", "cifar10-resnet56", "--depth", "56", environ={"PYTHONIOENCODING": "latin-1"}
    )
    assert "1.00 +#" in curve.out


def test_pictures_of_wide_networks_are_not_wrapped(trained: "Cli", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "36")
    shown = trained("curve", "show", "triangle", "peak=1.3", "floor=0.8", "--depth", "110").out.splitlines()
    chart = shown[1:7]
    assert all(len(line) <= 36 for line in chart)
    assert chart[-1].split() == ["1", "19", "37", "54"]
