"""The curves of a study: shortcut scale against block for its best trials, coloured by accuracy."""

from __future__ import annotations

from itertools import cycle
from typing import NamedTuple

import numpy as np

from vsearch.curves import paper
from vsearch.errors import shorten
from vsearch.reports.chart import COLOURS, DASHES, INK, Axis, Band, Chart, ColourBar, Line, Mark, Panel, Rule, colour_at
from vsearch.reports.figures.stages import stage_marks
from vsearch.reports.score_noise import candidates, lead_by_luck
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, percent, plain, points
from vsearch.search.trials import TrialResult

MOST_LINES = 20
MOST_DOTS = 2400
"""Blocks times lines: networks of more than 120 blocks show fewer curves."""
LEAST_IN_BAND = 5
"""Trials of which quantiles say anything."""
QUANTILES = (0.1, 0.9)
REACH = 0.05
"""The vertical axis shows at least so much on both sides of 1: a nearly constant curve shall not look like noise."""


class TriedCurve(NamedTuple):
    """The curve of one finished trial."""

    number: int
    role: str
    text: str
    """Its family and knob values."""
    scales: tuple[float, ...]
    accuracy: float
    epochs: int
    difference: float | None
    """Above the baseline, in points; None for the baseline itself."""

    @property
    def is_one(self) -> bool:
        """Whether it is 1 everywhere, as the baseline is."""
        return all(scale == 1 for scale in self.scales)


class PaperCurve(NamedTuple):
    """A curve that the paper published."""

    setting: str
    """What for, such as `cifar10-resnet32`."""
    scales: tuple[float, ...]
    trained: TriedCurve | None
    """As this study trained it, if it has."""


class ScaleBand(NamedTuple):
    """The middle 80 % of the scales of the best tenth of finished trials, block by block."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    trials: int


class CurvesInfo(NamedTuple):
    """All that the figure shows."""

    setting: str
    num_blocks: int
    curves: tuple[TriedCurve, ...]
    """Different curves, best first."""
    band: ScaleBand | None
    paper: tuple[PaperCurve, ...]
    baseline: float | None
    """Accuracy of the finished baseline."""
    finished: int
    noise: float | None
    """Seed noise of one training, in points."""
    luck: float | None
    """Lead that the best of as many equal curves could have, in points; None where that is not known."""
    candidates: int
    """Curves that competed, pruned ones too."""
    lowest: float
    """The accuracy of the darkest colour; trials far behind the others share it."""


def curves_info(data: StudyData) -> CurvesInfo:
    """The best curves of a study (20 at most, each once) beside the baseline, the paper's and what the best share."""
    drawable = [trial for trial in data.finished if len(trial.scales) == data.spec.num_blocks]
    curves = _distinct(data, drawable)
    return CurvesInfo(
        setting=_setting(data),
        num_blocks=data.spec.num_blocks,
        curves=curves,
        band=_band(drawable),
        paper=_paper(data),
        baseline=data.baseline.accuracy if data.baseline else None,
        finished=len(data.finished),
        noise=data.noise.points if data.noise else None,
        luck=lead_by_luck(data),
        candidates=candidates(data),
        lowest=_lowest([curve.accuracy for curve in curves]),
    )


def _setting(data: StudyData) -> str:
    return f"{data.spec.dataset}-{data.spec.network}{data.spec.depth}"


def _distinct(data: StudyData, trials: list[TrialResult]) -> tuple[TriedCurve, ...]:
    limit = max(3, min(MOST_LINES, MOST_DOTS // data.spec.num_blocks))
    found: dict[tuple[float, ...], TriedCurve] = {}
    for trial in trials:
        if (key := _rounded(trial.scales)) not in found:
            found[key] = _tried(data, trial)
        if len(found) == limit:
            break
    return tuple(found.values())


def _tried(data: StudyData, trial: TrialResult) -> TriedCurve:
    named = str(trial.curve) if trial.curve else ", ".join(f"{name}={value}" for name, value in trial.knobs.items())
    return TriedCurve(
        number=trial.number,
        role=shorten(plain(trial.role), 20),
        text=shorten(plain(named), 90),
        scales=_rounded(trial.scales),
        accuracy=trial.accuracy or 0.0,
        epochs=trial.epochs,
        difference=data.difference(trial) if trial.is_finished and trial is not data.baseline else None,
    )


def _rounded(scales: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(scale, 4) for scale in scales)


def _band(trials: list[TrialResult]) -> ScaleBand | None:
    best = trials[: len(trials) // 10]
    if len(best) < LEAST_IN_BAND:
        return None
    low, high = np.quantile([trial.scales for trial in best], QUANTILES, axis=0).round(4).tolist()
    return ScaleBand(tuple(low), tuple(high), len(best))


def _paper(data: StudyData) -> tuple[PaperCurve, ...]:
    """The one for this data set and network; where the paper has none, those of its others that were trained here."""
    trials = [trial for trial in data.trials if trial.role == "paper" and trial.state in ("finished", "pruned")]
    trained = [_tried(data, trial) for trial in trials if len(trial.scales) == data.spec.num_blocks]
    published = paper.CURVES.get(_setting(data))
    if published is None:
        return tuple(PaperCurve(_published_for(curve.scales), curve.scales, curve) for curve in trained)
    scales = _rounded(published.scales(data.spec.num_blocks))
    return (PaperCurve(_setting(data), scales, next((curve for curve in trained if curve.scales == scales), None)),)


def _published_for(scales: tuple[float, ...]) -> str:
    return next((name for name, curve in paper.CURVES.items() if _rounded(curve.scales(len(scales))) == scales), "")


def _lowest(accuracies: list[float]) -> float:
    """The smallest, unless it lies so far behind that all others would look alike."""
    if not accuracies:
        return 0.0
    middle = float(np.median(accuracies))
    return max(accuracies[-1], middle - 3 * (accuracies[0] - middle)) if accuracies[0] > middle else accuracies[-1]


def curves_chart(info: CurvesInfo) -> Chart:
    """The picture: the best curve thick and on top, lighter colours for higher accuracy."""
    y_low, y_high = _limits(info)
    x = Axis("Residual block, from the input to the output", 0.5, info.num_blocks + 0.5, is_whole=True)
    y = Axis("Shortcut scale", y_low, y_high)
    low, high = (info.lowest, info.curves[0].accuracy) if info.curves else (0.0, 0.0)
    bar = ColourBar("accuracy", low, high, is_percent=True) if high > low else None
    empty = "" if info.curves else "No trial has finished yet, so there is no curve to show."
    panel = Panel(x, y, () if empty else tuple(_marks(info)), colour_bar=bar, empty=empty)
    return Chart("curves", _title(info), (panel,), _alternative(info), _note(info))


def _limits(info: CurvesInfo) -> tuple[float, float]:
    rows = [*(curve.scales for curve in info.curves), *(curve.scales for curve in info.paper)]
    values = [1 - REACH, 1 + REACH, *(scale for row in rows for scale in row)]
    if info.band:
        values += [*info.band.low, *info.band.high]
    margin = 0.06 * (max(values) - min(values))
    return round(min(values) - margin, 4), round(max(values) + margin, 4)


def _marks(info: CurvesInfo) -> list[Mark]:
    blocks = tuple(range(1, info.num_blocks + 1))
    marks: list[Mark] = [*stage_marks(info.num_blocks)]
    if info.band:
        name = f"middle 80 % of the best tenth ({counted(info.band.trials, 'trial')})"
        marks.append(Band(blocks, info.band.low, info.band.high, name))
    marks.append(Rule(1.0, "baseline"))
    best, *others = info.curves
    for curve in reversed(others):
        colour = colour_at(curve.accuracy, info.lowest, best.accuracy)
        marks.append(Line(blocks, curve.scales, colour=colour, hover=_hover(curve)))
    marks += [
        _paper_line(published, blocks, dash) for published, dash in zip(info.paper, cycle(DASHES[1:]), strict=False)
    ]
    # A dark casing: the lightest colour of the scale is hard to see on white.
    marks.append(Line(blocks, best.scales, colour=INK, width=6.0))
    colour = colour_at(best.accuracy, info.lowest, best.accuracy)
    size = max(3.0, min(8.0, 220 / info.num_blocks))
    marks.append(
        Line(blocks, best.scales, f"best: trial {best.number}", colour, width=3.5, dots=size, hover=_hover(best))
    )
    return marks


def _paper_line(published: PaperCurve, blocks: tuple[int, ...], dash: str) -> Line:
    name = f"the paper's curve ({published.setting})" if published.setting else "a curve of the paper"
    hover = _hover(published.trained) if published.trained else "not trained in this study"
    return Line(blocks, published.scales, name, COLOURS[1], dash, 2.0, hover=f"{name}\n{hover}")


def _hover(curve: TriedCurve) -> str:
    role = "" if curve.role == "search" else f" ({curve.role})"
    beside = _beside(curve).replace(", ", "\n")
    accuracy = f"{percent(curve.accuracy)} after {counted(curve.epochs, 'epoch')}"
    return f"trial {curve.number}{role}\n{curve.text}\n{accuracy}{beside}"


def _title(info: CurvesInfo) -> str:
    if not info.curves:
        return "Curves"
    best, *others = info.curves
    if best.is_one:
        return f"Curves: {'none beats' if others else 'only'} the baseline ({percent(best.accuracy)})"
    return f"Curves: best {percent(best.accuracy)}{_beside(best)}"


def _note(info: CurvesInfo) -> str:
    if not info.curves:
        return ""
    count = len(info.curves)
    shown = f"The {count} best different curves" if count > 1 else "The only curve"
    noise = "" if info.noise is None else f"; one training varies by {info.noise:.2f} points from seed to seed"
    return f"{_luck(info)}{noise}. {shown} of {counted(info.finished, 'finished trial')}."


def _luck(info: CurvesInfo) -> str:
    """How far the title may be believed."""
    if info.candidates > 1 and info.luck is not None:
        return f"By luck alone the best of {info.candidates} equal curves can lead by {info.luck:.2f} points"
    return "The best of many noisy scores is partly luck" if info.finished > 1 else "One score says little"


def _alternative(info: CurvesInfo) -> str:
    if not info.curves:
        return f"No trial of this study of {info.num_blocks} residual blocks has finished, so no curve is shown."
    best = info.curves[0]
    scales = ", ".join(f"{scale:.2f}" for scale in best.scales[:60]) + (", …" if len(best.scales) > 60 else "")
    parts = [
        f"Shortcut scale at each of {info.num_blocks} residual blocks for {counted(len(info.curves), 'curve')} "
        f"of {counted(info.finished, 'finished trial')}.",
        f"The best is trial {best.number}, {best.text}, with {percent(best.accuracy)}{_beside(best)}; "
        f"its scales from the first block to the last: {scales}.",
    ]
    if info.band:
        pairs = list(zip(info.band.low, info.band.high, strict=True))
        width = [high - low for low, high in pairs]
        block = width.index(min(width))
        parts.append(
            f"The best tenth ({counted(info.band.trials, 'trial')}) agrees most at block {block + 1}, "
            f"where its middle 80 % reaches from {pairs[block][0]:.2f} to {pairs[block][1]:.2f}."
        )
    for published in info.paper:
        trained = published.trained
        epochs = f" after {counted(trained.epochs, 'epoch')}" if trained else ""
        score = f"reached {percent(trained.accuracy)}{epochs}" if trained else "was not trained here"
        parts.append(f"The paper's curve for {published.setting or 'another setting'} {score}.")
    return " ".join(parts)


def _beside(curve: TriedCurve) -> str:
    return "" if curve.difference is None else f", {points(curve.difference)} points vs. the baseline"
