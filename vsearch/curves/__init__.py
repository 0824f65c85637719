"""Curves: what multiplies the shortcut of each block of a residual network, as immutable values.

>>> from vsearch.curves import Triangle
>>> Triangle(peak=1.3, floor=0.8).scales(3)
(1.0857142857142859, 1.1571428571428573, 0.8)
"""

from vsearch.curves import paper
from vsearch.curves.bump import Bump
from vsearch.curves.constant import Constant
from vsearch.curves.curve import Curve
from vsearch.curves.families import families, family, from_dict, from_json, register
from vsearch.curves.knob import ChoiceKnob, FloatKnob, IntKnob, Knob, KnobValue, parse_setting
from vsearch.curves.levels import Levels
from vsearch.curves.parse import parse_curve
from vsearch.curves.ramp import Ramp
from vsearch.curves.ranges import check_ranges
from vsearch.curves.spline import Spline
from vsearch.curves.stage import Stage
from vsearch.curves.step import Step
from vsearch.curves.triangle import Triangle

BASELINE = Constant(1)
"""The curve that is 1 everywhere: an ordinary residual network."""

__all__ = [
    "BASELINE",
    "Bump",
    "ChoiceKnob",
    "Constant",
    "Curve",
    "FloatKnob",
    "IntKnob",
    "Knob",
    "KnobValue",
    "Levels",
    "Ramp",
    "Spline",
    "Stage",
    "Step",
    "Triangle",
    "check_ranges",
    "families",
    "family",
    "from_dict",
    "from_json",
    "paper",
    "parse_curve",
    "parse_setting",
    "register",
]
