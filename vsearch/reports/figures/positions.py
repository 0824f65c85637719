"""Where the curve matters: accuracy against the scale at each block, beside the importance of each knob."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import optuna
from optuna.trial import TrialState, create_trial

from vsearch.reports.chart import COLOURS, GREY, Axis, Band, Bars, Chart, Line, Mark, Panel, Points, Rule
from vsearch.reports.figures.comparable import LEAST_TRIALS, Comparable, comparable
from vsearch.reports.figures.stages import stage_marks
from vsearch.reports.figures.thirds import GROUPS, BlockEffect, Group, effect_at, without_outliers
from vsearch.reports.study_data import StudyData
from vsearch.reports.wording import counted, points
from vsearch.search.space import whole_space

MOST_KNOBS = 12
"""Bars that are shown; a step curve may have more knobs."""
LEAST_SHARE = 0.005
"""Smaller bars cannot be seen."""
ALIKE = 0.8
_COMPLETE = (TrialState.COMPLETE,)
CHANCE = 0.05
"""A block stands out if thirds as different would come by chance in fewer of a hundred studies, over all blocks."""


class PositionsInfo(NamedTuple):
    """All that the figure shows."""

    num_blocks: int
    trials: int
    """From which all is reckoned."""
    epoch: int | None
    """After which their accuracies are compared; None: after the last, of finished trials."""
    finished: int
    pruned: int
    blocks: tuple[BlockEffect, ...]
    standout: BlockEffect | None
    """The block whose groups differ most, if that is more than chance."""
    alike: tuple[int, int]
    """First and last of the blocks around it that account for nearly as much, and cannot be told from it."""
    importances: tuple[tuple[str, float], ...]
    """Share of each knob, largest first; the sum is 1."""
    no_blocks: str
    """Why there is nothing about blocks; empty where there is."""
    no_importances: str


def positions_info(data: StudyData) -> PositionsInfo:
    """For each block the accuracy of trials with a low, a middle and a high scale there; the knobs by PED-ANOVA."""
    found = comparable(data)
    pairs = zip(found.trials, found.accuracies, strict=True)
    drawable = [(trial.scales, score) for trial, score in pairs if len(trial.scales) == data.spec.num_blocks]
    blocks: tuple[BlockEffect, ...] = ()
    if len(drawable) >= LEAST_TRIALS:
        accuracies = without_outliers(100 * np.array([score for _, score in drawable], dtype=float))
        scales = np.array([scales for scales, _ in drawable]).round(6)
        blocks = tuple(effect_at(block + 1, scales[:, block], accuracies) for block in range(data.spec.num_blocks))
    is_flat = all(block.effect is None for block in blocks)
    importances, no_importances = _importances(data, found)
    standout = _standout(blocks)
    return PositionsInfo(
        num_blocks=data.spec.num_blocks,
        trials=len(drawable),
        epoch=found.epoch,
        finished=len(data.finished),
        pruned=sum(trial.state == "pruned" for trial in data.trials),
        blocks=blocks,
        standout=standout,
        alike=_alike(blocks, standout) if standout else (0, 0),
        importances=importances,
        no_blocks=_too_few(len(drawable)) or ("All compared trials have the same scales." if is_flat else ""),
        no_importances=no_importances,
    )


def _too_few(count: int) -> str:
    if count >= LEAST_TRIALS:
        return ""
    return f"{LEAST_TRIALS} trials that trained for as many epochs are needed; there are {count}."


def _standout(blocks: tuple[BlockEffect, ...]) -> BlockEffect | None:
    found = [block for block in blocks if block.chance * len(blocks) < CHANCE]
    return max(found, key=lambda block: block.explained, default=None)


def _alike(blocks: tuple[BlockEffect, ...], standout: BlockEffect) -> tuple[int, int]:
    """The unbroken run of blocks around `standout` that explain at least `ALIKE` of what it does."""
    first = last = standout.block
    is_alike = {block.block for block in blocks if block.explained >= ALIKE * standout.explained}
    while first - 1 in is_alike:
        first -= 1
    while last + 1 in is_alike:
        last += 1
    return first, last


def _importances(data: StudyData, found: Comparable) -> tuple[tuple[tuple[str, float], ...], str]:
    """Which knobs make the best tenth (at least five trials) differ from all; or why that cannot be said.

    Source: Watanabe, Bansal and Hutter 2023 (PED-ANOVA).
    """
    if reason := _too_few(len(found.trials)):
        return (), reason
    if len(set(found.accuracies)) == 1:
        return (), "All compared trials have the same accuracy."
    if data.optuna_study is None:
        return (), "Not reckoned: it needs the study's storage."
    study = data.optuna_study if found.epoch is None else _as_of(data.optuna_study, found)
    met = {name for trial in study.get_trials(deepcopy=False, states=_COMPLETE) for name in trial.distributions}
    names = [name for name, dist in whole_space(data.spec).items() if name in met and not dist.single()]
    if not names:
        return (), "No compared trial has a searched knob."
    # Here, as it takes a second: it brings scikit-learn along.
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    quantile = min(max(0.1, 5 / len(found.trials)), 0.5)
    with warnings.catch_warnings():  # that a curve from outside the ranges has knobs of its own, or none
        warnings.simplefilter("ignore")
        evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
        shares = get_param_importances(study, evaluator=evaluator, params=names, normalize=False)
    total = sum(shares.values())
    if not total > 0:
        return (), "The best trials have the same knobs as all others."
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, round(share / total, 4)) for name, share in ranked), ""


def _as_of(study: optuna.Study, found: Comparable) -> optuna.Study:
    """The same trials in a study of Optuna's in which they ended at that epoch."""
    scores = {trial.number: score for trial, score in zip(found.trials, found.accuracies, strict=True)}
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))  # that there is such a study is no news
    try:
        cut = optuna.create_study(storage=optuna.storages.InMemoryStorage(), direction="maximize")
    finally:
        optuna.logging.set_verbosity(level)
    cut.add_trials(
        create_trial(value=scores[trial.number], params=trial.params, distributions=trial.distributions)
        for trial in study.get_trials(deepcopy=False)
        if trial.number in scores
    )
    return cut


def positions_chart(info: PositionsInfo) -> Chart:
    """The picture: where the three lines part, the block matters, and the upper line says which scale is better."""
    x = Axis("Residual block, from the input to the output", 0.5, info.num_blocks + 0.5, is_whole=True)
    y = Axis("Points above the mean of all trials")
    marks = () if info.no_blocks else tuple(_marks(info))
    by_block = Panel(x, y, marks, "Accuracy by the scale at each block", empty=info.no_blocks)
    shares = Axis("Share", 0.0, is_percent=True)
    bars: tuple[Mark, ...] = ()
    if shown := _shown(info):
        labels, values = zip(*shown, strict=True)
        bars = (Bars(labels, values),)
    by_knob = Panel(shares, Axis(""), bars, "Importance of each knob (PED-ANOVA)", empty=info.no_importances)
    return Chart("positions", _title(info), (by_block, by_knob), _alternative(info), _note(info))


def _shown(info: PositionsInfo) -> tuple[tuple[str, float], ...]:
    return tuple(item for item in info.importances[:MOST_KNOBS] if item[1] >= LEAST_SHARE)


def _marks(info: PositionsInfo) -> list[Mark]:
    marks: list[Mark] = [*stage_marks(info.num_blocks), Rule(0.0)]
    looks = {"low": (COLOURS[0], "square"), "middle": (GREY, "diamond"), "high": (COLOURS[1], "circle")}
    found = {name: [(block.block, getattr(block, name)) for block in info.blocks] for name in GROUPS}
    for name in ("low", "high"):
        marks += _bands(found[name], looks[name][0])
    size = max(3.0, min(7.0, 200 / info.num_blocks))
    for name in GROUPS:
        colour, symbol = looks[name]
        shown = [(block, group) for block, group in found[name] if group is not None]
        if not shown:
            continue
        x, y = tuple(block for block, _ in found[name]), tuple(group and group.mean for _, group in found[name])
        marks.append(Line(x, y, f"{name} scale", colour, "dot" if name == "middle" else "solid"))
        places, means = tuple(block for block, _ in shown), tuple(group.mean for _, group in shown)
        marks.append(Points(places, means, "", colour, symbol, size, tuple(_hover(name, *item) for item in shown)))
    return marks


def _bands(groups: list[tuple[int, Group | None]], colour: str) -> list[Mark]:
    """A band for each run of blocks that have the group."""
    runs: list[list[tuple[int, Group]]] = [[]]
    for block, group in groups:
        if group is None:
            runs.append([])
        else:
            runs[-1].append((block, group))
    bands: list[Mark] = []
    for run in runs:
        if len(run) > 1:
            low = tuple(round(group.mean - group.half, 4) for _, group in run)
            high = tuple(round(group.mean + group.half, 4) for _, group in run)
            bands.append(Band(tuple(block for block, _ in run), low, high, colour=colour))
    return bands


def _hover(name: str, block: int, group: Group) -> str:
    scales = f"{group.smallest:g} to {group.largest:g}"
    return f"block {block}, {name} scale: {scales}\n{counted(group.trials, 'trial')}, ± {group.half:.2f} points"


def _verdict(block: BlockEffect) -> str:
    """Which scale is best, or else worst, as far as the intervals do not overlap; empty where they do."""
    found = [(name, group) for name in GROUPS if (group := getattr(block, name)) is not None]
    (best, first), (_, second), *_ = ranked = sorted(found, key=lambda item: -item[1].mean)
    (_, last_but_one), (worst, last) = ranked[-2:]
    if first.mean - first.half > second.mean + second.half:
        return f" ({best} scales are best)"
    return f" ({worst} scales are worst)" if last.mean + last.half < last_but_one.mean - last_but_one.half else ""


def _title(info: PositionsInfo) -> str:
    if info.no_blocks:
        return "Where it matters"
    where = "Where it matters" if info.epoch is None else f"Where it matters after {counted(info.epoch, 'epoch')}"
    if info.standout is None:
        return f"{where}: no block stands out"
    return f"{where}: most at {_place(info)}{_verdict(info.standout)}"


def _place(info: PositionsInfo) -> str:
    first, last = info.alike
    return f"block {first}" if first == last else f"blocks {first} to {last}"


def _note(info: PositionsInfo) -> str:
    parts = []
    if not info.no_blocks:
        parts.append(
            f"Mean accuracy of thirds of {_who(info)} by the scale at that block, with 95 % bands for each block by "
            "itself. Neighbouring blocks move together within a family, so an effect of one shows at others too; "
            "a search does not try curves evenly."
        )
    if info.importances:
        rest = len(info.importances) - len(_shown(info))
        more = f"; {counted(rest, 'less important knob')} not shown" if rest > 0 else ""
        parts.append(f"Importance: what sets the best tenth (five trials at least) apart from all{more}.")
    return " ".join(parts)


def _who(info: PositionsInfo) -> str:
    if info.epoch is None:
        pruned = f" ({counted(info.pruned, 'pruned trial')} had fewer epochs and are left out)" if info.pruned else ""
        return f"the {info.trials} finished trials{pruned}"
    early = f"only {counted(info.finished, 'trial')} finished, and early accuracies may rank curves otherwise"
    return f"the {info.trials} trials that reached epoch {info.epoch}, as they were then ({early}),"


def _alternative(info: PositionsInfo) -> str:
    parts = []
    if info.no_blocks:
        parts.append(f"Nothing about blocks yet: {info.no_blocks}")
    else:
        known = [block for block in info.blocks if block.effect is not None]
        ranked = sorted(known, key=lambda block: -block.explained)[:3]
        told = "; ".join(
            f"block {block.block}: {points(block.effect)} ± {block.half:.2f} points, {100 * block.explained:.0f} % "
            "of the variance"
            for block in ranked
        )
        verdict = "No block stands out."
        if info.standout:
            verdict = f"The scale matters most at {_place(info)}{_verdict(info.standout)}."
        early = "" if info.epoch is None else f"After {counted(info.epoch, 'epoch')} of {info.trials} trials: "
        parts.append(
            f"{early}{verdict} High against low scales at the three strongest of {info.num_blocks} blocks: {told}."
        )
    if info.importances:
        told = ", ".join(f"{name} {100 * share:.0f} %" for name, share in info.importances[:5])
        parts.append(f"Importance of the knobs: {told}.")
    else:
        parts.append(f"No importance of knobs: {info.no_importances}")
    return " ".join(parts)
