"""Where commands that train several planned studies leave what came out: a picture and a report as files."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from vsearch.cli.options import Settings
from vsearch.cli.output import check_output, force_option, note

if TYPE_CHECKING:
    from vsearch.reports.chart import Chart

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--picture", type=click.Path(path_type=Path), help="Write the figure: FILE.svg, .png, .pdf or .html."),
    click.option(
        "--report", type=click.Path(path_type=Path), help="Write the report of all studies: FILE.html or .md."
    ),
    force_option,
)


class ResultFiles(NamedTuple):
    """The files that were asked for."""

    picture: Path | None
    report: Path | None
    force: bool

    def check(self) -> None:
        """Refuse what cannot be written, before anything is trained for it.

        Raises:
            InputError: says which, and what to do.
        """
        from vsearch.cli.report import kind_of
        from vsearch.reports.drawing.figure_file import check_figure_path

        if self.picture is not None:
            check_figure_path(self.picture)
            check_output(self.picture, force=self.force)
        if self.report is not None:
            kind_of(None, self.report)
            check_output(self.report, force=self.force)

    def write(self, chart: "Chart", studies: Sequence[str], settings: Settings) -> None:
        """Write them."""
        from vsearch.cli.report import write_report
        from vsearch.reports.drawing.figure_file import write_figure

        if self.picture is not None:
            write_figure(chart, self.picture)
            note(f"picture: {self.picture}")
        if self.report is not None:
            write_report(studies, self.report, settings)
            note(f"report: {self.report}")


def result_options(function: F) -> F:
    """Give a command these options, and hand it `files: ResultFiles`."""

    @wraps(function)
    def with_files(*, picture: Path | None, report: Path | None, force: bool, **arguments: Any) -> Any:
        return function(files=ResultFiles(picture, report, force), **arguments)

    decorated: Any = with_files
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
