"""Showing how honest short trainings are."""

from typing import TYPE_CHECKING

from vsearch.cli.output import print_line, print_table

if TYPE_CHECKING:
    from vsearch.confirmation.calibration import Calibration, ShortRun
    from vsearch.statistics import RankCorrelation

HEADER = ("short training", "epoch", "correlation", "95 % interval", "curves", "by training loss", "95 % interval", "")


def print_calibration(found: "Calibration") -> None:
    """A line for each epoch that is of interest, and the answer below."""
    print_table(HEADER, [row for run in found.short for row in _rows(found, run)])
    print_line()
    from vsearch.confirmation.calibration_sentences import calibration_sentences

    for text in calibration_sentences(found):
        print_line(text)


def _rows(found: "Calibration", run: "ShortRun") -> list[tuple[str, ...]]:
    from vsearch.confirmation.calibration_sentences import epochs_of_interest, marks

    title = f"{run.spec.epochs} epochs"
    rows: list[tuple[str, ...]] = []
    for epoch in epochs_of_interest(found, run):
        each = run.at(epoch)
        accuracy, loss = _numbers(each.accuracy), _numbers(each.loss)
        rows.append(
            (title, str(epoch), *accuracy, str(each.accuracy.curves), *loss, ", ".join(marks(found, run, epoch)))
        )
    return rows


def _numbers(found: "RankCorrelation") -> tuple[str, str]:
    if found.rho is None:
        return "-", "-"
    return f"{found.rho:.2f}", f"{found.interval.low:.2f} to {found.interval.high:.2f}"
