"""`vsearch study stop`, `pause`, `resume`, `cancel`, `delete` and `events`."""

from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.consent import confirm, yes_option
from vsearch.cli.options import Settings, json_option, settings_options, storage_options
from vsearch.cli.output import note, print_json, print_table, timestamp

if TYPE_CHECKING:
    from vsearch.storage.exclusions import Event

_checkpoint_options = settings_options("home", "storage", "storage-timeout", "checkpoints")


@click.command()
@click.argument("study")
@storage_options
def stop(study: str, settings: Settings) -> None:
    """Let running trials end, and begin no more."""
    from vsearch import study as studies

    has_changed = studies.open_study(study, settings).stop()
    word = "stopped" if has_changed else "nothing to do, already stopped:"
    note(f"{word} {study}; running trials end, no new one begins; undo with: vsearch study resume {study}")


@click.command()
@click.argument("study")
@storage_options
def pause(study: str, settings: Settings) -> None:
    """Put running trials back with their last epoch, and begin no more; workers notice within seconds."""
    from vsearch import study as studies

    has_changed = studies.open_study(study, settings).pause()
    word = "paused" if has_changed else "nothing to do, already paused:"
    note(f"{word} {study}; running trials wait with their last epoch; go on with: vsearch study resume {study}")


@click.command()
@click.argument("study")
@click.option("--trials", type=int, help="A new number of finished and pruned trials.")
@click.option("--max-epochs", type=int, help="A new limit of epochs over all trials.")
@click.option("--max-device-hours", type=float, help="A new limit of hours that workers train.")
@click.option("--max-failed", type=int, help="A new number of failed trials after which it ends.")
@storage_options
def resume(study: str, settings: Settings, **budget: float | None) -> None:
    """Let workers take trials of a study again, with another budget if you like.

    It undoes stop, pause and cancel; what was cancelled stays so, but the baseline and the paper's curves are trained
    again.
    """
    from vsearch import study as studies

    given = {name: value for name, value in budget.items() if value is not None}
    found = studies.open_study(study, settings).resume(**given)
    note(f"{study} is open with {found.spec.trials} trials; train here with: vsearch study run {study}")


@click.command()
@click.argument("study")
@yes_option
@_checkpoint_options
def cancel(study: str, yes: bool, settings: Settings) -> None:
    """End running and waiting trials at once, as failed ones that count for nothing; ended ones stay."""
    from vsearch import study as studies

    found = studies.open_study(study, settings)
    if not yes:
        open_trials = sum(trial.state in ("running", "waiting") for trial in found.trials())
        confirm(f"cancel {study}", f"End the {open_trials} running and waiting trials of {study} for good?")
    ended = found.cancel()
    note(f"cancelled {study}: {len(ended)} trials ended; train more of it after: vsearch study resume {study}")


@click.command()
@click.argument("study")
@yes_option
@click.option("--force", is_flag=True, help="Also while workers train its trials.")
@_checkpoint_options
def delete(study: str, yes: bool, force: bool, settings: Settings) -> None:
    """Remove a study for good, with its trials, its record and its checkpoints."""
    from vsearch import study as studies
    from vsearch.search.control import check_untrained

    found = studies.open_study(study, settings)
    if not force:
        check_untrained(found.stored)
    if not yes:
        confirm(f"delete {study}", f"Delete {study} and its {len(found.trials())} trials?")
    found.delete(force=force)
    note(f"deleted {study}")


@click.command()
@click.argument("study")
@json_option
@storage_options
def events(study: str, as_json: bool, settings: Settings) -> None:
    """What people did to a study and its trials, oldest first."""
    from vsearch import study as studies

    found = studies.open_study(study, settings).events()
    if as_json:
        print_json("events", {"study": study, "events": [event_content(event) for event in found]})
        return
    if not found:
        note(f"nobody has stopped, paused, resumed or cancelled {study}, or excluded a trial of it")
        return
    print_table(
        ("at", "who", "action", "trial", "detail"),
        [(timestamp(e.at), e.who, e.action, "" if e.number is None else e.number, e.detail) for e in found],
    )


def event_content(event: "Event") -> dict[str, Any]:
    """An event as JSON."""
    content = event._asdict()
    return {"at": timestamp(content.pop("at")), "trial": content.pop("number"), **content}
