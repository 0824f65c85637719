"""A study as it stands, as lines for a terminal: the progress, the best curve, the workers, what happened last."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.text import Text

from vsearch.cli.output import duration, percent, plain, points
from vsearch.cli.pen import Pen
from vsearch.cli.planned_picture import answer, outcome_at, planned_picture
from vsearch.errors import shorten
from vsearch.reports.terminal import Limits, limits
from vsearch.search.following import Absence, Moment
from vsearch.search.pace import aware
from vsearch.search.trials import TrialResult
from vsearch.search.workers import WorkerView

BAR = 40
CHART_ROWS = 3
MOST_WORKERS = 8
LAST_EVENTS = 4
LONGEST_CURVE = 120


def study_picture(moment: Moment, pen: Pen) -> list[Text]:
    """All that is to be seen of a study; lines of a picture fit the terminal, texts may wrap."""
    found = outcome_at(moment)
    return [
        *_head(moment, pen),
        *(_best(moment, pen) if found is None else planned_picture(found, pen)),
        *_workers(moment),
        *(Text(f"  {line}", style="dim") for line in last_events(moment)[-LAST_EVENTS:]),
    ]


def summary(moment: Moment) -> str:
    """The progress of a study in a line.

    `14 of 30 trials, 3 pruned, 2 running, 1 waiting; best 97.50 %; left about 3 min 20 s`
    """
    best = f"; best {percent(moment.best.trial.accuracy)}" if moment.best else ""
    left = time_left(moment)
    found = outcome_at(moment)
    verdict = "" if found is None else f"; {answer(found)}"
    return f"{_counts(moment)}{best}{verdict}{'; ' * bool(left)}{left}"


def time_left(moment: Moment) -> str:
    """How long it will take, or why that is not known; empty for a study that is not open."""
    if moment.state != "open":
        return ""
    if not moment.running:
        return "nobody trains it"
    return "time left not known yet" if moment.seconds_left is None else f"left about {duration(moment.seconds_left)}"


def absence_line(absence: Absence, interval: float) -> str:
    """That the database is away, in words."""
    seconds = duration(absence.seconds)
    return plain(f"no answer for {seconds}, asking again every {interval:g} s: {absence.reason}")


def trial_lines(trial: TrialResult, pen: Pen, span: Limits) -> list[Text]:
    """An ended trial in a line, or in two on a terminal that is too narrow for its picture."""
    word = trial.state if trial.state == "excluded" else trial.reason or trial.state
    head = f"trial {trial.number:>3} {plain(word):<9} {percent(trial.accuracy):>8} after {trial.epochs:>3} epochs"
    bars = pen.bars(trial.scales, span, room=max(pen.width - 16, 4) if not pen.fits(len(trial.scales) + 16) else None)
    role = role_words(trial)
    detail = f": {trial.detail}" if trial.detail and trial.state == "failed" else ""
    tail = Text(plain(f"{trial.curve}{role}{detail}"))
    if pen.fits(len(head) + 2 + bars.cell_len):
        return [Text(head + "  ") + bars + Text("  ") + tail]
    return [Text(head), Text("  ") + bars, Text("  ") + tail]


def role_words(trial: TrialResult) -> str:
    """What a trial is trained for, in brackets: its role, or in a planned study its curve and number of its seed."""
    if trial.pair is not None:
        return f" ({trial.label}, seed {trial.pair})"
    return "" if trial.role == "search" else f" ({trial.role})"


def last_events(moment: Moment) -> list[str]:
    """What people did and which trials ended, oldest first, each with its time of day here."""
    found = [
        (
            aware(trial.ended).timestamp(),
            f"trial {trial.number} {trial.reason or trial.state} {percent(trial.accuracy)}"
            + ("" if trial.pair is None else role_words(trial)),
        )
        for trial in moment.trials
        if trial.ended is not None
    ]
    for event in moment.events:
        trial = "" if event.number is None else f" trial {event.number}"
        found.append((event.at, f"{event.who}: {event.action}{trial}{': ' * bool(event.detail)}{event.detail}"))
    return [f"{_time_of_day(at)}  {plain(shorten(text, LONGEST_CURVE))}" for at, text in sorted(found)]


def _head(moment: Moment, pen: Pen) -> Iterator[Text]:
    spec = moment.spec
    place = plain(f" on {spec.dataset}, {spec.network}{spec.depth}: ")
    yield Text.assemble((plain(spec.name), "bold"), place, (moment.state, "bold"))
    share = min(moment.done / spec.trials, 1.0)
    length = min(BAR, max(pen.width - 2, 4))
    full = math.floor(share * length)
    marks = ("#", "-") if pen.is_ascii else ("█", "─")
    yield Text.assemble((marks[0] * full, "bold"), (marks[1] * (length - full), "dim"), no_wrap=True)
    yield Text(_counts(moment))
    if left := time_left(moment):
        yield Text(left)


def _counts(moment: Moment) -> str:
    failed = moment.count("failed")
    counts = (
        *((moment.count("pruned"), "pruned"), (failed, "failed"), (moment.count("excluded"), "excluded")),
        *((moment.tally.running, "running"), (moment.tally.waiting, "waiting")),
    )
    parts = "".join(f", {number} {word}" for number, word in counts if number)
    return f"{moment.tally.done} of {moment.spec.trials} trials{parts}"


def _best(moment: Moment, pen: Pen) -> Iterator[Text]:
    if moment.best is None:
        yield Text("no trial has finished yet", style="dim")
        return
    trial = moment.best.trial
    yield Text.assemble((f"best {percent(trial.accuracy)}", "bold"), f" of trial {trial.number}: {_curve(trial)}")
    if moment.best.baseline is not None:
        yield Text(
            f"{points(moment.best.difference)} points against the baseline "
            f"({percent(moment.best.baseline.accuracy)}); a search score, not confirmed",
            style="dim",
        )
    yield from pen.chart(trial.scales, limits([trial.scales]), rows=CHART_ROWS, indent=2)


def _curve(trial: TrialResult) -> str:
    return plain(shorten(str(trial.curve or "-"), LONGEST_CURVE))


def _workers(moment: Moment) -> Iterator[Text]:
    views = sorted(moment.workers, key=lambda view: (view.state != "silent", view.host, view.worker))
    for view in views[:MOST_WORKERS]:
        yield Text(f"  {_worker(view, moment.spec.epochs)}", style="bold" if view.state == "silent" else "")
    if len(views) > MOST_WORKERS:
        speed = sum(view.images_per_second for view in views)
        yield Text(f"  and {len(views) - MOST_WORKERS} more workers; {speed:.0f} images/s by all", style="dim")
    held = {number for view in views for number in view.trials}
    lost = [str(lease.number) for lease in moment.running if lease.number not in held]
    if lost:
        yield Text(f"  no worker holds trial {_some(lost)}; the next one goes on with it")
    if moment.elsewhere:
        others = ", ".join(f"{number} {state}" for state, number in sorted(moment.elsewhere.items()))
        yield Text(f"  other workers: {others}", style="dim")


def _worker(view: WorkerView, epochs: int) -> str:
    trials = [f"{number} epoch {epoch}/{epochs}" for number, epoch in zip(view.trials, view.epochs, strict=True)]
    state = {"silent": f"silent for {duration(view.seconds_silent)}", "working": ""}.get(view.state, view.state)
    speed = f"{view.images_per_second:.0f} images/s" if view.images_per_second else ""
    word = "trial" if len(trials) == 1 else "trials"
    parts = (f"{word} {_some(trials)}" if trials else "", speed, state)
    return plain(f"{shorten(view.host, 30)} {shorten(view.device, 30)}: {', '.join(part for part in parts if part)}")


def _some(texts: Iterable[str]) -> str:
    listed = list(texts)
    return ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if len(listed) > 4 else "")


def _time_of_day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds).strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return "--:--:--"
