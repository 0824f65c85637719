"""What a stream can show: colours where they are wanted, block characters where its encoding has them, its width."""

import sys
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from vsearch.cli.output import print_coloured
from vsearch.reports import terminal
from vsearch.reports.terminal import Limits, Line
from vsearch.reports.wording import plain
from vsearch.settings import colour_wish

STYLES = {"above": "#0087d7", "below": "#d75f00", "axis": "dim"}
"""Blue above 1 and orange below, told apart by colour-blind readers; contrast about 4 : 1 on black and on white."""


class Pen:
    """Writes and draws on one stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stdout if stream is None else stream
        wish, is_terminal = colour_wish(), self.stream is not None and self.stream.isatty()
        self.console = Console(
            file=self.stream,
            force_terminal=is_terminal or bool(wish),
            color_system=None if wish is False or not (is_terminal or wish) else "auto",
            no_color=False,  # decided above
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.is_live = is_terminal and not self.console.is_dumb_terminal
        """Whether a picture can be drawn in the place of the one before."""
        self.is_ascii = not _can_encode(self.stream, terminal.CHARACTERS)
        self._is_terminal = is_terminal

    @property
    def width(self) -> int:
        """Columns of the terminal; of anything else those of `COLUMNS`, or 80."""
        return self.console.width

    def fits(self, length: int) -> bool:
        """Whether so many characters stay in one line: beside a terminal, where nobody wraps lines, always."""
        return not self._is_terminal or length <= self.width

    def chart(self, scales: Sequence[float], span: Limits, *, rows: int = terminal.ROWS, indent: int = 8) -> list[Text]:
        """A curve with its axes, moved to the right by `indent` if there is room."""
        indent = indent if self.width >= 60 else 0
        width = self.width - indent
        lines = terminal.curve_chart(scales, span, width=width, rows=rows, is_ascii=self.is_ascii)
        return [Text(" " * indent, no_wrap=True) + self.text(line) for line in lines]

    def bars(self, scales: Sequence[float], span: Limits, room: int | None = None) -> Text:
        """A sparkline, and the smallest and the largest scale beside it."""
        if not scales:
            return Text()
        line = terminal.bars(scales, span, room=room, is_ascii=self.is_ascii)
        return self.text(line) + Text(
            f" {terminal.number(min(scales))}{self.dots}{terminal.number(max(scales))}", style="dim"
        )

    @property
    def dots(self) -> str:
        """What stands between two ends."""
        return ".." if self.is_ascii else "…"

    def text(self, line: Line) -> Text:
        """A line of a picture with its colours, not to be wrapped."""
        return Text.assemble(*((piece.text, STYLES.get(piece.kind, "")) for piece in line), no_wrap=True)

    def write(self, *lines: Text | str) -> None:
        """Print lines, each as it is: on a narrow terminal it wraps a text, not a picture."""
        with self.console.capture() as captured:  # click tells of a closed pipe, rich ends the process
            for line in lines:
                text = Text(plain(line)) if isinstance(line, str) else line
                self.console.print(text, soft_wrap=True)
        print_coloured(captured.get(), self.stream)


def _can_encode(stream: TextIO | None, characters: str) -> bool:
    try:
        characters.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
