"""`vsearch study create`, and the options that describe a study."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vsearch.cli.options import Settings, make_home, storage_options
from vsearch.cli.output import note, print_line
from vsearch.curves import parse_setting
from vsearch.curves.number import read_number
from vsearch.errors import InputError, shorten
from vsearch.spec import Recipe, StudySpec, spec_from_dict
from vsearch.spec.read import knob_items
from vsearch.spec.study import PRUNERS, RETRYABLE, SAMPLERS

if TYPE_CHECKING:
    from vsearch.study import Study

F = TypeVar("F", bound=Callable[..., Any])

_MAX_TOML_BYTES = 1_000_000
_RECIPE_NUMBERS = {field.name for field in fields(Recipe)} - {"name", "precision", "drops"}
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_SPEC_OPTIONS = (
    click.option("--family", "families", multiple=True, help="Curve family; repeat to search several together."),
    click.option("--depth", type=int, help="Layers of the network, 6n+2: 20, 32, 44, 56, 110. [default: 32]"),
    click.option(
        "--dataset", help="One of cifar10, cifar100, digits, fashion-mnist, svhn or folder:PATH. [default: cifar10]"
    ),
    click.option("--trials", type=int, help="Finished and pruned trials, over all workers. [default: 50]"),
    click.option("--epochs", type=int, help="Epochs of a trial that is not pruned. [default: the recipe's]"),
    click.option("--knob", "knobs", multiple=True, help="Range or value of a knob: peak=1.0:1.6, floor=0.8. Repeat."),
    click.option("--sampler", help=f"One of {', '.join(SAMPLERS)}. [default: tpe]"),
    click.option("--pruner", help=f"One of {', '.join(PRUNERS)}. [default: asha]"),
    click.option("--replicates", type=int, help="Seeds per curve; the objective is their mean. [default: 1]"),
    click.option("--seed", type=int, help="Of suggestions, weights and data order. [default: 0]"),
    click.option("--name", help="Of the study. [default: family, data set and network]"),
    click.option("--recipe", help="How to train: short or he2015. [default: short]"),
    click.option("--recipe-set", multiple=True, help="Change a number of the recipe: learning_rate=0.05. Repeat."),
    click.option("--train-images", type=int, help="Train on a stratified subset of so many images."),
    click.option("--validation-images", type=int, help="Validate on so many images."),
    click.option("--image-size", type=int, help="Pixels that a folder:PATH is resized to. [default: 32]"),
    click.option(
        "--first-rung",
        type=int,
        help="First epoch at which trials are compared. [default: the end of the warm-up, at least 2]",
    ),
    click.option(
        "--rungs",
        metavar="calibrated[:WANTED]",
        help="Take epochs and first rung from the newest calibration that fits (vsearch calibrate); "
        "calibrated:0.7 wants another rank correlation. [default: as --epochs and --first-rung say]",
    ),
    click.option("--startup-trials", type=int, help="Random trials before the sampler models. [default: 10]"),
    click.option("--grid-points", type=int, help="Values per knob for --sampler grid. [default: 5]"),
    click.option("--max-epochs", type=int, help="Epochs over all trials and workers. [default: no limit]"),
    click.option("--max-device-hours", type=float, help="Hours that workers may train. [default: no limit]"),
    click.option("--max-attempts", type=int, help="Times that a trial is tried if it crashes. [default: 3]"),
    click.option(
        "--retry",
        multiple=True,
        help=f"Try again after this: {', '.join(RETRYABLE)}. Repeat. [default: the first three]",
    ),
    click.option("--max-failed", type=int, help="Failed trials after which the study ends. [default: 20]"),
)


def spec_options(function: F) -> F:
    """Give a command the options that describe a study, and hand it `flags`: those that were given."""

    @wraps(function)
    def with_flags(**arguments: Any) -> Any:
        names = [name for option in _SPEC_OPTIONS for name in _names(option)]
        given = {name: arguments.pop(name) for name in names}
        return function(flags={key: value for key, value in given.items() if value not in (None, ())}, **arguments)

    decorated: Any = with_flags
    for option in reversed(_SPEC_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _names(option: Callable[[Any], Any]) -> list[str]:
    """The parameter that an option decorator adds."""
    holder = option(lambda: None)
    return [parameter.name for parameter in holder.__click_params__]


def spec_from(flags: Mapping[str, Any], file: Path | None = None) -> StudySpec:
    """The spec that a TOML file and flags give together; flags win.

    Raises:
        InputError: no family, or anything that the spec refuses.
    """
    content = read_toml(file) if file is not None else {}
    flags = dict(flags)
    if "families" in flags:
        content.pop("family", None)
        content["families"] = list(flags.pop("families"))
    _merge_knobs(content, flags.pop("knobs", ()))
    _merge_recipe(content, flags.pop("recipe", None), flags.pop("recipe_set", ()))
    if "families" not in content and "family" not in content:
        raise InputError("no curve family is given; say --family triangle, for example (vsearch curve families)")
    return spec_from_dict(content | flags)


def calibrated_or_plain(flags: Mapping[str, Any], file: Path | None, settings: Settings) -> StudySpec:
    """As `spec_from`; with `--rungs` the epochs and the first rung are those that a calibration proposes.

    Raises:
        InputError: also where no calibration fits or none proposes anything, or epochs are given beside.
    """
    flags = dict(flags)
    rungs = flags.pop("rungs", None)
    if rungs is None:
        return spec_from(flags, file)
    from vsearch.cli.calibrated_rungs import with_calibrated_rungs

    return with_calibrated_rungs(rungs, flags, lambda changed: spec_from(changed, file), settings)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InputError: no such file, too large, not UTF-8, or malformed (with the line).
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_TOML_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read the study file {str(path)!r}: {reason}; name a TOML file") from None
    if len(raw) > _MAX_TOML_BYTES:
        raise InputError(f"the study file {path} has more than {_MAX_TOML_BYTES} bytes; a study needs a few lines")
    try:
        return tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise InputError(f"the study file {path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except RecursionError:
        raise InputError(f"the study file {path} is nested too deeply; a study needs two levels") from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise InputError(f"the study file {path} is not TOML: {_with_line(str(error), raw)}") from None


def _with_line(message: str, raw: bytes) -> str:
    """The parser's message, which at the end of a document names no line, with the line."""
    last = raw.rstrip().count(b"\n") + 1
    return message.replace("at end of document", f"at the end, line {last}")


def _merge_knobs(content: dict[str, Any], texts: tuple[str, ...]) -> None:
    """Put the knobs of flags over those of the file: `peak` over every family's, `ramp.peak` over that one."""
    flags = _once("knob", texts)
    if not flags:
        return
    merged = knob_items(content.get("knobs", {}))
    families = content.get("families", content.get("family"))
    is_one = isinstance(families, str) or (isinstance(families, list) and len(families) == 1)
    for key in flags:
        family, _, knob = key.rpartition(".")
        hidden = {key, knob} if family and is_one else {key}
        for name in list(merged):
            if name in hidden or (not family and name.rpartition(".")[2] == knob):
                del merged[name]
    content["knobs"] = merged | flags


def _merge_recipe(content: dict[str, Any], name: str | None, texts: tuple[str, ...]) -> None:
    changes = {key: _recipe_value(key, text) for key, text in _once("recipe setting", texts).items()}
    if name is not None:
        content["recipe"] = {"name": name}
    stored = content.get("recipe", "short")
    if changes and isinstance(stored, str | dict):
        content["recipe"] = {**({"name": stored} if isinstance(stored, str) else stored), **changes}


def _once(kind: str, texts: tuple[str, ...]) -> dict[str, str]:
    """`key=value` texts as a dictionary."""
    found: dict[str, str] = {}
    for key, value in map(parse_setting, texts):
        if key in found:
            raise InputError(f"the {kind} {shorten(key)} is given twice; give it once")
        found[key] = value
    return found


def _recipe_value(key: str, text: str) -> Any:
    """The number or list of numbers that a recipe setting takes; the recipe refuses what it does not know."""
    if key == "drops":
        return [read_number("drops", part) for part in text.split(",")]
    if key not in _RECIPE_NUMBERS:
        return text
    is_whole = _WHOLE.fullmatch(text) is not None
    return int(text) if is_whole else read_number(key, text)


def warn_about(study: "Study") -> None:
    """Say on stderr what a careful user would want to know before training."""
    spec = study.spec
    if spec.planned:
        return
    if spec.sampler == "gp" and spec.pruner != "none":
        note(
            "warning: the gp sampler ignores pruned trials, so with a pruner it is hardly better than random; "
            "use --sampler tpe, or --pruner none"
        )
    if spec.pruner != "none" and spec.first_rung >= spec.epochs:
        note(f"note: nothing is pruned: the first rung is epoch {spec.first_rung} and a trial has {spec.epochs}")
    fixed = [name for name in spec.families if all(knob.is_fixed for knob in spec.search_knobs[name])]
    if fixed:
        note(f"warning: every knob of {', '.join(fixed)} is fixed: its trials are replicates of one curve")
    from vsearch.cli.calibrated_rungs import warn_of_calibration

    warn_of_calibration(spec, study.stored.storage)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE.toml]")
@spec_options
@storage_options
def create(file: Path | None, flags: dict[str, Any], settings: Settings) -> None:
    """Describe a study and store it; prints its name.

    The description comes from a TOML file, from flags, or from both: flags win. No images are needed yet.
    """
    spec = calibrated_or_plain(flags, file, settings)
    from vsearch import study

    make_home(settings)
    created = study.create(spec, settings)
    warn_about(created)
    note(
        f"created: {spec.trials} trials of at most {spec.epochs} epochs on {spec.dataset}; "
        f"train them with: vsearch study run {spec.name}"
    )
    print_line(created.spec.name)
