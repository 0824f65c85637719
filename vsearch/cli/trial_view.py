"""`vsearch trial list` and `show`."""

from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.options import Settings, json_option, storage_options
from vsearch.cli.output import duration, note, percent, print_json, print_line, print_table, timestamp
from vsearch.cli.study_control import event_content
from vsearch.errors import unknown_name

if TYPE_CHECKING:
    from vsearch.cli.pen import Pen
    from vsearch.search.trials import TrialResult
    from vsearch.storage.attempts import Attempt
    from vsearch.storage.exclusions import Event

BARS_FROM = 80
"""Columns of the table left of a curve's bars and of their range, at most."""


@click.command("list")
@click.argument("study")
@click.option("--state", "states", multiple=True, help="Only those that are so, finished for example; repeat.")
@click.option("--reason", "reasons", multiple=True, help="Only those that ended so, diverged for example; repeat.")
@json_option
@storage_options
def list_trials(
    study: str, states: tuple[str, ...], reasons: tuple[str, ...], as_json: bool, settings: Settings
) -> None:
    """The trials of a study, one line each."""
    from vsearch import study as studies
    from vsearch.cli.pen import Pen
    from vsearch.reports.terminal import limits
    from vsearch.search.attributes import REASONS
    from vsearch.search.trials import STATES

    for kind, given, known in (("state of a trial", states, STATES), ("reason of a trial", reasons, REASONS)):
        for name in given:
            if name not in known:
                raise unknown_name(kind, name, known)
    trials = [
        trial
        for trial in studies.open_study(study, settings).trials()
        if (not states or trial.state in states) and (not reasons or trial.reason in reasons)
    ]
    if as_json:
        print_json("trial-list", {"study": study, "trials": [trial.row() for trial in trials]})
        return
    if not trials:
        note(f"no trial of {study} is so")
        return
    pen, span = Pen(), limits(trial.scales for trial in trials)
    print_table(
        ("trial", "state", "reason", "role", "accuracy", "epochs", "trained", "curve"),
        [
            (
                trial.number,
                trial.state,
                trial.reason,
                trial.role,
                percent(trial.accuracy),
                trial.epochs,
                duration(trial.seconds),
                f"{pen.bars(trial.scales, span).plain if pen.fits(BARS_FROM + len(trial.scales)) else ''}  "
                f"{trial.curve or ''}".lstrip(),
            )
            for trial in trials
        ],
    )


@click.command()
@click.argument("study")
@click.argument("number", type=int)
@json_option
@storage_options
def show(study: str, number: int, as_json: bool, settings: Settings) -> None:
    """All that is known of one trial: its curve, each epoch, why it ended, and each time that a worker took it."""
    from vsearch import study as studies
    from vsearch.cli.pen import Pen
    from vsearch.cli.study_picture import role_words
    from vsearch.reports.terminal import limits

    found = studies.open_study(study, settings)
    trial = found.trial(number)
    attempts = found.attempts(number)
    events = [event for event in found.events() if event.number == number]
    if as_json:
        print_json("trial", _content(study, trial, attempts, events))
        return
    role = role_words(trial)
    print_line(f"trial {trial.number} of {study}: {trial.state}{role}")
    pen = Pen()
    for name, text in _lines(trial, pen, found.spec.evaluated_on):
        print_line(f"{name:<9} {text}")
        if name == "curve":
            pen.write(*pen.chart(trial.scales, limits([trial.scales]), indent=10))
    for event in events:
        print_line(
            f"{event.action + 'd':<9} {timestamp(event.at)} by {event.who}{': ' * bool(event.detail)}{event.detail}"
        )
    _print_attempts(attempts)


def _lines(trial: "TrialResult", pen: "Pen", judged_by: str) -> list[tuple[str, str]]:
    from vsearch.reports.sparkline import sparkline
    from vsearch.search import attributes

    attrs = trial.attributes
    lines = [("reason", f"{trial.reason}{': ' * bool(trial.detail)}{trial.detail}")] if trial.reason else []
    lines += [("curve", str(trial.curve or "not chosen yet"))]
    if trial.scales:
        span = f"{min(trial.scales):.3g} {pen.dots} {max(trial.scales):.3g} over {len(trial.scales)} blocks"
        means = f"mean {attrs.get(attributes.MEAN)}, geometric mean {attrs.get(attributes.GEOMETRIC_MEAN)}"
        lines += [("", f"scale {span}, {means}, product {attrs.get(attributes.PRODUCT)}")]
        lines += [("scales", " ".join(f"{scale:.4g}" for scale in trial.scales))]
    lines += [("knobs", ", ".join(f"{name} {_short(value)}" for name, value in trial.knobs.items()))]
    lines += [("seeds", " ".join(map(str, trial.seeds)))]
    lines += [("score", f"{percent(trial.accuracy)} {judged_by} accuracy after {trial.epochs} epochs")]
    if len(trial.accuracies) > 1:
        lines += [("", f"of each seed {' '.join(map(percent, trial.accuracies))}")]
    if trial.learning_curve:
        lines += [("epochs", sparkline(trial.learning_curve, ascii_only=pen.is_ascii))]
        lines += [("", " ".join(f"{100 * accuracy:.2f}" for accuracy in trial.learning_curve))]
    if device := attrs.get(attributes.DEVICE):
        lines += [("trained", f"{duration(trial.seconds)} on {device}, {trial.images_per_second:.0f} images/s")]
    log = attrs.get(attributes.LOG, ())
    lines += [("log" if first else "", line) for first, line in zip((True, *[False] * len(log)), log, strict=False)]
    return [line for line in lines if line[1]]


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _print_attempts(attempts: "list[Attempt]") -> None:
    if not attempts:
        print_line("no worker has taken it yet")
        return
    print_line()
    print_table(
        ("attempt", "worker", "device", "started", "lasted", "epoch", "ended"),
        [
            (
                number,
                attempt.worker,
                attempt.device,
                timestamp(attempt.started),
                "-" if attempt.ended is None else duration(attempt.ended - attempt.started),
                "-" if attempt.ended is None else attempt.epoch,
                f"{attempt.reason or 'goes on'}{': ' * bool(attempt.detail)}{attempt.detail}",
            )
            for number, attempt in enumerate(attempts, 1)
        ],
    )


def _content(study: str, trial: "TrialResult", attempts: "list[Attempt]", events: "list[Event]") -> dict[str, Any]:
    times = [
        {
            **attempt._asdict(),
            "started": timestamp(attempt.started),
            "ended": None if attempt.ended is None else timestamp(attempt.ended),
            "seconds": None if attempt.ended is None else round(attempt.ended - attempt.started, 3),
        }
        for attempt in attempts
    ]
    return {
        "study": study,
        "trial": {
            **trial.row(),
            "scales": list(trial.scales),
            "learning_curve": list(trial.learning_curve),
            "attributes": trial.attributes,
        },
        "attempts": times,
        "events": [event_content(event) for event in events],
    }
