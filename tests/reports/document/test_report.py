"""Reports as Markdown, JSON and CSV."""

import csv
import io
import json
import math
import re
from collections.abc import Callable

import pytest

from vsearch.reports.document.report import csv_report, json_report, markdown_report
from vsearch.reports.study_data import StudyData
from vsearch.search.trials import TrialResult

MakeTrial = Callable[..., TrialResult]
MakeData = Callable[..., StudyData]
EVIL = "<script>alert(1)</script> [x](javascript:alert(1)) | `code` | https://evil.example\n# heading\n- item"


@pytest.fixture
def study(trial: MakeTrial, data: MakeData) -> StudyData:
    """The baseline at 80 %, two better curves, one with two seeds, and a failed trial."""
    return data(
        trial(0, 0.8, role="baseline"),
        trial(
            1, 0.82, "triangle peak=1.3 floor=0.8", accuracies=(0.81, 0.83), seeds=(5, 6), learning_curve=(0.5, 0.82)
        ),
        trial(2, 0.81, "triangle peak=1.2 floor=0.9"),
        trial(3, None, None, state="failed", detail="=1+1", attributes={"device": "@cmd"}),
        name="found",
    )


def test_markdown_tells_the_best_trials_the_counts_and_the_methods(study: StudyData) -> None:
    text = markdown_report([study])
    best = next(line for line in text.splitlines() if line.startswith("| 1 |"))
    assert re.search(
        r" 82.00 % ± 1.41 \(2 seeds\) \| \+2.00 \| Triangle\(peak=1.3, .*\) \| \S+ \| 2 \| 1 min 0 s \|", best
    )
    assert re.search(r"\| 0 \(baseline\) \| \S+ \| 80.00 % \| \+0.00 \| Constant\(value=1\) \|", text)
    assert "| failed | error | 1 | 0 | 1 min 0 s | =1+1 |" in text
    assert '```\nfamilies = [\n    "triangle",\n]\nname = "found"\n' in text
    assert "`vsearch trial replay found 1`" in text
    assert "`vsearch verify found --top 3`" in text


def test_nothing_of_a_study_becomes_markdown(trial: MakeTrial, data: MakeData) -> None:
    evil = {"role": EVIL, "detail": EVIL, "reason": EVIL, "attributes": {"device": EVIL, "versions": {EVIL: EVIL}}}
    text = markdown_report([data(trial(0, 0.8, **evil), trial(1, None, None, state="failed", **evil))])
    assert "<script" not in text
    assert "https://" not in text
    assert "[x]" not in text
    assert "| `code`" not in text
    assert not re.search(r"^(# heading|- item)", text, re.MULTILINE)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7, 9}


def test_json_has_the_numbers_of_figures_and_trials(study: StudyData) -> None:
    content = json_report([study])
    assert content["schema"] == "vsearch.report/1"
    (found,) = content["studies"]
    assert (found["best_trial"], found["baseline_trial"]) == (1, 0)
    assert found["difference_points"] == pytest.approx(2.0)
    assert found["is_confirmed"] is False
    assert [trial["accuracy"] for trial in found["trials"]] == [0.8, 0.82, 0.81, None]
    assert found["trials"][1]["learning_curve"] == [0.5, 0.82]
    assert len(found["trials"][1]["scales"]) == 15
    assert list(found["figures"]) == ["curves", "positions", "progress", "rungs", "learning"]
    marks = found["figures"]["curves"]["panels"][0]["marks"]
    scales = [round(scale, 4) for scale in found["trials"][1]["scales"]]
    assert scales in [mark["y"] for mark in marks if mark["kind"] == "line"]
    assert content["comparisons"] == {}


def test_json_holds_no_number_that_json_does_not_know(trial: MakeTrial, data: MakeData) -> None:
    strange = trial(0, 0.8, role="baseline", images_per_second=math.inf, seconds=math.nan)
    text = json.dumps(json_report([data(strange)]), allow_nan=False)
    assert json.loads(text)["studies"][0]["trials"][0]["seconds"] is None


def test_csv_has_a_row_for_each_trial_of_each_study_and_no_formula(study: StudyData, data: MakeData) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_report([study, data(study.trials[0], name="second")]))))
    assert [(row["study"], row["number"]) for row in rows] == [
        *(("found", str(number)) for number in range(4)),
        ("second", "0"),
    ]
    assert rows[1]["accuracy"] == "0.82"
    assert (rows[3]["detail"], rows[3]["device"]) == ("'=1+1", "'@cmd")


def test_several_studies_are_compared_first_in_markdown(study: StudyData, data: MakeData) -> None:
    text = markdown_report([study, data(name="second")])
    assert (
        text.index("## Studies compared") < text.index("| found | open | 82.00 % | +2.00 | ") < text.index("## found")
    )
    assert text.index("## found") < text.index("## second")
