"""The options that let seeds be added until the answer is sure."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from vsearch.confirmation.until_sure import UntilSure
from vsearch.errors import InputError

F = TypeVar("F", bound=Callable[..., Any])

USUAL = UntilSure()
_OPTIONS = (
    click.option(
        "--worthwhile",
        type=float,
        metavar="POINTS",
        help=f"With --until-sure: curves that gain less are given up. [default: {USUAL.worthwhile:g}]",
    ),
    click.option(
        "--max-seeds",
        type=int,
        help="With --until-sure: no more seeds than these; what they would hardly confirm is given up. "
        f"[default: {USUAL.max_seeds}]",
    ),
)


def until_sure_options(words: str) -> Callable[[F], F]:
    """Give a command these options, and hand it `rule`: when to stop, or None for a fixed number of seeds.

    Args:
        words: what --until-sure does there.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def with_rule(*, until_sure: bool, worthwhile: float | None, max_seeds: int | None, **arguments: Any) -> Any:
            return function(rule=_rule(until_sure, worthwhile, max_seeds), **arguments)

        decorated: Any = with_rule
        for option in reversed((click.option("--until-sure", is_flag=True, help=words), *_OPTIONS)):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def _rule(until_sure: bool, worthwhile: float | None, max_seeds: int | None) -> UntilSure | None:
    if not until_sure:
        if worthwhile is not None or max_seeds is not None:
            raise InputError("--worthwhile and --max-seeds say when --until-sure ends; add that, or leave them out")
        return None
    return UntilSure(
        USUAL.worthwhile if worthwhile is None else worthwhile, USUAL.max_seeds if max_seeds is None else max_seeds
    )
