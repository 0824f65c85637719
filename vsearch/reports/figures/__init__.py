"""The figures by name: each is gathered from studies by a pure function, and drawn elsewhere.

A figure's module is imported when the figure is made, so that the names alone cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vsearch.reports.chart import Chart
    from vsearch.reports.study_data import StudyData


def _curves(data: StudyData) -> Chart:
    from vsearch.reports.figures.curves import curves_chart, curves_info

    return curves_chart(curves_info(data))


def _positions(data: StudyData) -> Chart:
    from vsearch.reports.figures.positions import positions_chart, positions_info

    return positions_chart(positions_info(data))


def _progress(data: StudyData) -> Chart:
    from vsearch.reports.figures.progress import progress_chart, progress_info

    return progress_chart(progress_info(data))


def _rungs(data: StudyData) -> Chart:
    from vsearch.reports.figures.rungs import rungs_chart, rungs_info

    return rungs_chart(rungs_info(data))


def _learning(data: StudyData) -> Chart:
    from vsearch.reports.figures.learning import learning_chart, learning_info

    return learning_chart(learning_info(data))


def _forest(data: StudyData) -> Chart:
    from vsearch.reports.figures.forest import forest_chart
    from vsearch.reports.figures.outcomes import forest_info

    return forest_chart(forest_info(data.outcome))


def _pairs(data: StudyData) -> Chart:
    from vsearch.reports.figures.outcomes import pairs_info
    from vsearch.reports.figures.pairs import pairs_chart

    return pairs_chart(pairs_info(data.outcome))


def _scales(data: StudyData) -> Chart:
    from vsearch.reports.figures.scales import scales_chart, scales_info

    curves = {item.label: item.curve for item in data.spec.planned if item.role != "baseline"}
    return scales_chart(scales_info(curves, data.spec.num_blocks))


def _planned_learning(data: StudyData) -> Chart:
    from vsearch.reports.figures.learning import learning_chart
    from vsearch.reports.figures.planned_learning import planned_learning_info

    return learning_chart(planned_learning_info(data))


def _calibration(data: StudyData) -> Chart:
    from vsearch.reports.figures.calibration import calibration_chart, calibration_info

    assert data.calibration is not None
    return calibration_chart(calibration_info(data.calibration))


def _families(studies: Sequence[StudyData]) -> Chart:
    from vsearch.reports.figures.families import families_chart, families_info

    return families_chart(families_info(searches(studies)))


def _depths(studies: Sequence[StudyData]) -> Chart:
    from vsearch.reports.figures.transfers import transfers_chart, transfers_info

    return transfers_chart(transfers_info(searches(studies)))


def searches(studies: Sequence[StudyData]) -> list[StudyData]:
    """Those that search: other scores than theirs, by other images, are compared with none of theirs."""
    return [data for data in studies if not data.spec.planned]


SEARCH_FIGURES: Mapping[str, Callable[[StudyData], Chart]] = MappingProxyType(
    {"curves": _curves, "positions": _positions, "progress": _progress, "rungs": _rungs, "learning": _learning}
)
"""Of a search, in the order in which they are shown."""

PLANNED_FIGURES: Mapping[str, Callable[[StudyData], Chart]] = MappingProxyType(
    {"forest": _forest, "pairs": _pairs, "scales": _scales, "learning": _planned_learning}
)
"""Of a planned study, likewise."""

COMPARISONS: Mapping[str, Callable[[Sequence[StudyData]], Chart]] = MappingProxyType(
    {"families": _families, "depths": _depths}
)
"""Of several searches: families on one data set and depth; one family over depths and data sets."""

CALIBRATION = "calibration"
"""Of a search that was calibrated, and of the studies of its calibration."""

NAMES = tuple(dict.fromkeys((*SEARCH_FIGURES, *PLANNED_FIGURES, CALIBRATION, *COMPARISONS)))
"""Of all figures."""


def study_figures(data: StudyData) -> Mapping[str, Callable[[StudyData], Chart]]:
    """The figures of a study, in the order in which they are shown."""
    found = dict(PLANNED_FIGURES if data.spec.planned else SEARCH_FIGURES)
    if data.spec.purpose == "calibration":  # it makes no claim about any of its curves
        del found["forest"]
    return found | ({CALIBRATION: _calibration} if data.calibration is not None else {})
