"""`vsearch study watch`: follow a study that workers on other machines train."""

import click

from vsearch.cli.options import Settings, json_option, settings_options
from vsearch.errors import InputError

LONGEST_SECONDS = 3600.0


@click.command()
@click.argument("study")
@click.option("--interval", type=float, default=5.0, show_default=True, help="Seconds between two looks, 1 or more.")
@click.option("--once", is_flag=True, help="Show it as it is now, and end.")
@click.option("--stay", is_flag=True, help="Go on though the study is done, stopped or cancelled.")
@json_option
@settings_options("home", "storage", "storage-timeout", "lease")
def watch(study: str, interval: float, once: bool, stay: bool, as_json: bool, settings: Settings) -> None:
    """Follow a study: its progress, its workers, the best curve, the time left.

    It ends when no trial runs and none will: when the study is done, stopped or cancelled; with 1 if no trial has
    finished, and with 130 on Ctrl-C, which disturbs no worker. Elsewhere than on a terminal it writes a line when
    something has changed; with --json an object on a line of its own.

    A database that goes away is waited for.
    """
    if not 1 <= interval <= LONGEST_SECONDS:
        raise InputError(f"--interval is {interval:g}; give seconds from 1 to {LONGEST_SECONDS:g}")
    if once and stay:
        raise InputError("both --once and --stay are given; keep one")
    from vsearch import study as studies
    from vsearch.cli.live import Lines, Objects, Screen
    from vsearch.cli.pen import Pen
    from vsearch.cli.study_picture import study_picture
    from vsearch.search.following import Follower
    from vsearch.search.ranking import best

    follower = Follower(studies.open_study(study, settings).stored, settings.lease_seconds)
    pen = Pen()
    if as_json:
        view: Screen | Lines = Objects(pen, interval)
    else:
        view = Screen(pen, interval, is_whole=True) if pen.is_live else Lines(pen, interval)
    if once:
        moment = follower.look()
        if as_json:
            view.show(moment)
        else:
            pen.write(*study_picture(moment, pen))
        return
    with view:
        while True:
            moment = follower.look()
            view.show(moment)
            if moment.is_over and moment.absence is None and not stay:
                break
            view.wait()
    view.close(moment)
    best(list(moment.trials))
