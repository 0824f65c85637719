"""`vsearch trial replay` and `vsearch verify`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from vsearch.cli.options import Settings, check_threads, json_option, settings_options
from vsearch.cli.output import note, percent, print_json, print_line
from vsearch.errors import InputError

if TYPE_CHECKING:
    from vsearch.study import Study
    from vsearch.worker.comparison import EpochPair, Replay

_options = settings_options("home", "storage", "storage-timeout", "data-dir", "device")
_threads = click.option("--threads", type=int, help="CPU threads. [default: as many as recorded, or 1]")
_download = click.option("--download", is_flag=True, help="Fetch the data set if it is missing.")
DIFFERENT = 1
"""The exit code."""


@click.command("replay")
@click.argument("study")
@click.argument("number", type=int)
@click.option("--epochs", type=int, help="Only so many of the recorded epochs. [default: all]")
@_threads
@_download
@json_option
@_options
def replay_trial(
    study: str,
    number: int,
    epochs: int | None,
    threads: int | None,
    download: bool,
    as_json: bool,
    settings: Settings,
) -> int:
    """Train an ended trial again from its record alone, and compare each epoch; nothing is stored.

    On the same kind of device, with the same versions, the numbers are equal bit for bit; if they are not, or if the
    record contradicts itself, the exit code is 1. Elsewhere the largest difference is told, and the exit code is 0.
    """
    from vsearch import study as studies

    found = studies.open_study(study, settings)
    tell = _tell_nothing if as_json else _tell_epoch
    done = _replay(found, number, settings, threads, download, tell, epochs)
    if as_json:
        print_json("replay", replay_content(done))
    else:
        _print_differences(done)
        print_line(f"trial {number} of {study}: {done.sentence}")
    return DIFFERENT if done.verdict in ("different", "contradicted") else 0


@click.command()
@click.argument("study")
@click.option("--top", type=int, default=1, show_default=True, help="So many of the best trials.")
@_threads
@_download
@json_option
@_options
def verify(study: str, top: int, threads: int | None, download: bool, as_json: bool, settings: Settings) -> int:
    """Train the best trials of a study again from their record; the exit code is 0 if every number is the recorded one.

    What was trained on another kind of device, or with other versions, cannot be verified here.
    """
    from vsearch import study as studies

    if top < 1:
        raise InputError(f"--top is {top}; give 1 or more")
    found = studies.open_study(study, settings)
    ranked = found.best().ranked[:top]
    done = []
    for trial in ranked:
        note(f"training trial {trial.number} again: {percent(trial.accuracy)} after {trial.epochs} epochs")
        done.append(_replay(found, trial.number, settings, threads, download, _tell_nothing))
    is_verified = all(replay.verdict == "equal" for replay in done)
    if as_json:
        content = {"study": study, "is_verified": is_verified, "trials": [replay_content(replay) for replay in done]}
        print_json("verify", content)
    else:
        for replay in done:
            _print_differences(replay)
        print_line(_verified(study, done))
    return 0 if is_verified else DIFFERENT


def _replay(
    study: "Study",
    number: int,
    settings: Settings,
    threads: int | None,
    download: bool,
    on_epoch: "Callable[[EpochPair], None]",
    epochs: int | None = None,
) -> "Replay":
    from vsearch.training.allocator import keep_freed_memory
    from vsearch.training.device import choose_device
    from vsearch.worker.replay import replay

    if threads is not None:
        check_threads(threads)
    keep_freed_memory()
    return replay(
        study.stored,
        number,
        data_path=settings.data_path,
        device=choose_device(settings.device.value),
        threads=threads,
        epochs=epochs,
        download=download,
        on_epoch=on_epoch,
    )


def _tell_epoch(pair: "EpochPair") -> None:
    word = "equal" if pair.is_equal else f"differs by {100 * (pair.repeated - (pair.recorded or 0)):+.3g} points"
    recorded = "not reported" if pair.recorded is None else percent(pair.recorded)
    print_line(f"epoch {pair.epoch:>3}  recorded {recorded:>8}  repeated {percent(pair.repeated):>8}  {word}")


def _tell_nothing(_: "EpochPair") -> None:
    pass


def _print_differences(replay: "Replay") -> None:
    for item in replay.compared:
        if item.differs:
            print_line(f"{item.name}: recorded {_short(item.recorded)}, here {_short(item.found)}")


def _short(value: Any) -> str:
    from vsearch.errors import shorten

    return shorten(str(value), 80)


def _verified(study: str, done: "list[Replay]") -> str:
    failed = [replay for replay in done if replay.verdict != "equal"]
    if failed:
        reasons = "; ".join(f"trial {replay.number}: {replay.sentence}" for replay in failed)
        return f"{study} is not verified: {reasons}"
    numbers = ", ".join(str(replay.number) for replay in done)
    epochs = sum(len(replay.epochs) for replay in done)
    weights = ", and the digests of the last weights" if all(replay.has_weights for replay in done) else ""
    which = f"its best trial, {numbers}," if len(done) == 1 else f"its {len(done)} best trials, {numbers},"
    return (
        f"{study} is verified: trained again from the record alone, {which} gave the recorded accuracy after each of "
        f"{epochs} epochs bit for bit{weights} (this makes a search score repeatable, not a confirmed gain)"
    )


def replay_content(replay: "Replay") -> dict[str, Any]:
    """A replay as JSON."""
    return {
        "study": replay.study,
        "number": replay.number,
        "verdict": replay.verdict,
        "sentence": replay.sentence,
        "is_whole": replay.is_whole,
        "largest_difference": replay.largest_difference,
        "epochs": [{**pair._asdict(), "is_equal": pair.is_equal} for pair in replay.epochs],
        "compared": [{**item._asdict(), "is_equal": not item.differs} for item in replay.compared],
    }
