"""Whether a family's search ranges hold only legal curves."""

from collections.abc import Iterable
from itertools import combinations, product

from vsearch.curves.curve import Curve
from vsearch.curves.knob import Knob, KnobValue
from vsearch.errors import InputError, unknown_name


def check_ranges(family: type[Curve], knobs: Iterable[Knob], **structure: int) -> None:
    """Refuse ranges that hold an illegal curve, so that a search meets none.

    The curve is built at each pair of ends of each two knobs, the others at their low ends; a knob that is not among
    `knobs` has its default range.

    Raises:
        InputError: a knob that the family lacks, or two values that clash, with ranges that fit.
    """
    defaults = {knob.name: knob for knob in family.knobs(**structure)}
    ranges = dict(defaults)
    for knob in knobs:
        if knob.name not in defaults:
            raise unknown_name(f"knob of {family.family}", knob.name, defaults)
        ranges[knob.name] = knob
    lows: dict[str, KnobValue] = {name: _ends(knob)[0] for name, knob in ranges.items()}
    for one, other in combinations(ranges, 2):
        for values in product(_ends(ranges[one]), _ends(ranges[other])):
            try:
                family.from_knobs(lows | dict(zip((one, other), values, strict=True)), **structure)
            except InputError as error:
                raise _clash(ranges[one], ranges[other], defaults, error) from None


def _ends(knob: Knob) -> tuple[KnobValue, ...]:
    return knob.ends


def _clash(one: Knob, other: Knob, defaults: dict[str, Knob], error: InputError) -> InputError:
    fitting = " and ".join(str(defaults[knob.name]) for knob in (one, other))
    return InputError(f"the ranges {one} and {other} clash: {error}. Ranges that fit are {fitting}")
