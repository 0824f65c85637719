"""`vsearch report`: studies as a file for other people; `vsearch report figure`: one figure as a picture."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.lazy import LazyGroup
from vsearch.cli.options import Settings, storage_options
from vsearch.cli.output import check_output, force_option, print_line, print_text
from vsearch.errors import InputError, unknown_name

if TYPE_CHECKING:
    from vsearch.reports.chart import Chart
    from vsearch.reports.study_data import StudyData

FORMATS = ("html", "md", "json", "csv")
_SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md", ".json": "json", ".csv": "csv"}


class _ReportGroup(LazyGroup):
    """A group whose own options may stand behind its studies, as those of a command may."""

    allow_interspersed_args = True

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the command that the first argument names, or of the report of studies."""
        command = self.get_command(click.Context(self, info_name=info_name), args[0]) if args else None
        if command is None:
            return super().make_context(info_name, args, parent, **extra)
        return command.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)


@click.group(
    cls=_ReportGroup,
    invoke_without_command=True,
    no_args_is_help=False,
    subcommand_metavar="",
    lazy={"figure": ("vsearch.cli.report:figure", "One figure as .svg, .png, .pdf or .html.")},
)
@click.argument("studies", metavar="[STUDY]...", nargs=-1)
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="Of the report. [default: by the file's name]",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write. [default: stdout, but for html]")
@click.option("--static", is_flag=True, help="HTML with pictures alone: no script, and a small file.")
@force_option
@storage_options
def report(
    studies: tuple[str, ...], kind: str | None, output: Path | None, static: bool, force: bool, settings: Settings
) -> None:
    """What studies found, for other people: one HTML file that needs no network, or Markdown, JSON or CSV.

        vsearch report triangle-cifar10-resnet32 -o report.html

    Several studies are compared with each other first. A study that is called "figure" is reported by
    `vsearch report -- figure`.
    """
    kind = kind_of(kind, output)
    if static and kind != "html":
        raise InputError(f"--static is for html; a {kind} report holds no script anyway")
    if output is not None:
        check_output(output, force=force)
    if output is None:
        print_text(_text(_read(studies, settings), kind, is_interactive=False))
        return
    write_report(studies, output, settings, kind=kind, is_interactive=not static)
    print_line(str(output))


def write_report(
    studies: Sequence[str], output: Path, settings: Settings, *, kind: str | None = None, is_interactive: bool = True
) -> None:
    """Write the report of studies to a file.

    Args:
        kind: one of `FORMATS`; by default what the file's name says.
    """
    from vsearch.reports.drawing.figure_file import replace_file

    text = _text(_read(studies, settings), kind_of(kind, output), is_interactive=is_interactive)
    replace_file(output, text.encode("utf-8", "replace"))


@click.command()
@click.argument("name")
@click.argument("studies", metavar="STUDY...", nargs=-1)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.svg, .png, .pdf or .html.")
@force_option
@storage_options
def figure(name: str, studies: tuple[str, ...], output: Path, force: bool, settings: Settings) -> None:
    """One figure as a file: of one study, or a comparison of several.

    NAME is one of curves, positions, progress, rungs, learning and calibration for a search; one of forest, pairs,
    scales and learning for a study with a plan, such as a confirmation; families and depths compare several searches.
    """
    from vsearch.reports.drawing.figure_file import check_figure_path, write_figure
    from vsearch.reports.figures import COMPARISONS, NAMES

    if name not in NAMES:
        raise unknown_name("figure", name, NAMES)
    check_figure_path(output)
    check_output(output, force=force)
    if name not in COMPARISONS and len(studies) > 1:
        raise InputError(f"the figure {name} is of one study, and {len(studies)} are given; name one of them")
    write_figure(_chart(name, _read(studies, settings)), output)
    print_line(str(output))


def _chart(name: str, studies: "Sequence[StudyData]") -> "Chart":
    """The figure of the one study, or the comparison of all.

    Raises:
        InputError: a study of this kind has no such figure.
    """
    from vsearch.reports.figures import CALIBRATION, COMPARISONS, study_figures

    if name in COMPARISONS:
        for data in studies:
            if data.spec.planned:
                raise InputError(f"{name} compares searches, and {data.name} is a {data.spec.purpose}; leave it out")
        return COMPARISONS[name](studies)
    data = studies[0]
    figures = study_figures(data)
    if name == CALIBRATION and name not in figures:
        raise InputError(f"{data.name} has no calibration; make one with: vsearch calibrate {data.name}")
    if name not in figures:
        raise InputError(
            f"the study {data.name} is a {data.spec.purpose} and has no figure {name}; it has {', '.join(figures)}"
        )
    return figures[name](data)


def kind_of(kind: str | None, output: Path | None) -> str:
    """The format of a report, said or told from the file's name.

    Raises:
        InputError: neither says it, or HTML without a file.
    """
    if output is None:
        if kind in (None, "html"):
            raise InputError(
                "a report in HTML goes to a file; add -o report.html, or --format md, json or csv for the terminal"
            )
        return str(kind)
    kind = kind or _SUFFIXES.get(output.suffix.lower())
    if kind is None:
        raise InputError(
            f"{output.name[:60]!r} does not say what is wanted; end it in .html, .md, .json or .csv, or give --format"
        )
    return kind


def _read(names: Sequence[str], settings: Settings) -> "list[StudyData]":
    """The studies of these names, each once."""
    from vsearch.reports.study_data import study_data
    from vsearch.search.stored import open_study
    from vsearch.storage import open_storage

    if settings.is_untouched:
        raise unknown_name("study", names[0], []) if names else InputError("there is no study to report yet")
    storage = open_storage(settings.storage.value, create=False, retry_seconds=settings.retry_seconds)
    if not names:
        there = ", ".join(sorted(storage.study_names())) or "none yet"
        raise InputError(f"name the studies to report; there are {there}")
    return [study_data(open_study(storage, name)) for name in dict.fromkeys(names)]


def _text(studies: "Sequence[StudyData]", kind: str, *, is_interactive: bool) -> str:
    from vsearch.reports.document.report import csv_report, json_report, markdown_report

    if kind == "html":
        from vsearch.reports.document.pages import report_page

        return report_page(studies, is_interactive=is_interactive)
    if kind == "json":
        return json.dumps(json_report(studies), indent=2, allow_nan=False) + "\n"
    return markdown_report(studies) if kind == "md" else csv_report(studies)
