"""Studies at the edges, which every figure must draw or say why there is nothing to see."""

from collections.abc import Callable

import pytest

from vsearch.reports.study_data import StudyData
from vsearch.search.trials import TrialResult

MakeTrial = Callable[..., TrialResult]
MakeData = Callable[..., StudyData]
Build = Callable[[MakeTrial, MakeData], StudyData]
SCRIPT = "<script>alert(1)</script>"


def _no_trials(_: MakeTrial, data: MakeData) -> StudyData:
    return data()


def _only_waiting(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(trial(0, None, None, state="waiting", role="baseline"), trial(1, None, state="running"))


def _only_baseline(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(trial(0, 0.8, role="baseline"))


def _one_trial(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(trial(0, 0.8, "triangle peak=1.3 floor=0.8", learning_curve=(0.5, 0.8)))


def _only_pruned(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(*(_pruned(trial, number) for number in range(6)))


def _only_pruned_baseline(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(trial(0, 0.8, role="baseline", learning_curve=(0.3, 0.8)), _pruned(trial, 1), _pruned(trial, 2))


def _all_failed(trial: MakeTrial, data: MakeData) -> StudyData:
    broken = [trial(n, None, "triangle peak=1.3 floor=0.8", state="failed", detail=SCRIPT) for n in range(3)]
    return data(*broken, trial(3, 0.4, state="failed", reason="diverged"), state="failed", max_failed=4)


def _no_accuracy(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(
        trial(0, 0.8, role="baseline"),
        trial(1, None, "triangle peak=1.3 floor=0.8", state="pruned"),
        trial(2, None, "triangle peak=1.2 floor=0.8", state="running"),
    )


def _no_curve(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(
        trial(0, 0.8, role="baseline"),
        trial(1, 0.81, None),
        trial(2, 0.3, None, state="pruned"),
        trial(3, None, None, state="waiting"),
    )


def _equal(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(*(trial(number, 0.8, learning_curve=(0.8,) * 8) for number in range(12)))


def _several_families(trial: MakeTrial, data: MakeData) -> StudyData:
    return data(
        trial(0, 0.8, role="baseline"),
        *(trial(1 + n, 0.80 + n / 1000, f"triangle peak={1 + n / 20} floor=0.8") for n in range(8)),
        *(trial(9 + n, 0.78 + n / 500, f"ramp peak={1 + n / 20} floor=0.9") for n in range(8)),
        *(_pruned(trial, 17 + n) for n in range(3)),
        families=("triangle", "ramp"),
    )


def _depth(depth: int) -> Build:
    def build(trial: MakeTrial, data: MakeData) -> StudyData:
        blocks = (depth - 2) // 2
        ended = [
            trial(n, 0.8 + n / 1000, f"triangle peak={1 + n / 60} floor=0.8", num_blocks=blocks) for n in range(1, 30)
        ]
        return data(trial(0, 0.8, role="baseline", num_blocks=blocks), *ended, depth=depth)

    return build


def _markup(trial: MakeTrial, data: MakeData) -> StudyData:
    evil = {"role": SCRIPT, "detail": SCRIPT, "reason": SCRIPT, "knobs": {SCRIPT: SCRIPT, "peak": 1.2}}
    return data(
        trial(0, 0.8, role="baseline"),
        trial(1, 0.82, "triangle peak=1.2 floor=0.8", **evil),
        trial(2, 0.4, "triangle peak=1.5 floor=0.8", state="pruned", **evil),
        trial(3, None, "triangle peak=1.6 floor=0.8", state="failed", **evil),
    )


def _pruned(trial: MakeTrial, number: int) -> TrialResult:
    scores = (0.2, 0.3 + number / 100)
    return trial(
        number, scores[-1], f"triangle peak={1.1 + number / 50} floor=0.9", state="pruned", learning_curve=scores
    )


EDGE_STUDIES: dict[str, Build] = {
    "no trials": _no_trials,
    "only waiting and running": _only_waiting,
    "only the baseline": _only_baseline,
    "one trial": _one_trial,
    "only pruned": _only_pruned,
    "the baseline and pruned ones": _only_pruned_baseline,
    "all failed": _all_failed,
    "accuracy None": _no_accuracy,
    "curve None": _no_curve,
    "all equal": _equal,
    "several families": _several_families,
    "3 blocks": _depth(8),
    "9 blocks": _depth(20),
    "27 blocks": _depth(56),
    "54 blocks": _depth(110),
    "markup in rows": _markup,
}


@pytest.fixture(params=EDGE_STUDIES)
def edge_study(request: pytest.FixtureRequest, trial: MakeTrial, data: MakeData) -> StudyData:
    """Each study of `EDGE_STUDIES` in turn."""
    return EDGE_STUDIES[request.param](trial, data)
