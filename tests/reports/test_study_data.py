"""A study as it is read, with the studies that it comes from and that come from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from vsearch.curves import BASELINE, Triangle
from vsearch.reports.notes import study_note, trial_note
from vsearch.reports.pictures import Painter, board, state_of
from vsearch.reports.server.importances import without_importances_of_plans
from vsearch.reports.server.study_source import StudySource
from vsearch.reports.study_data import study_data
from vsearch.search import attributes
from vsearch.search.claims import claim_trial
from vsearch.search.overview import overviews
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.spec.planned import PlannedCurve
from vsearch.storage import Storage, open_storage

WINNER = Triangle(peak=1.3, floor=0.8)
PLAN = (PlannedCurve("baseline", "baseline", BASELINE), PlannedCurve("candidate", "trial *1*", WINNER))


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    yield opened
    opened.close()


def end(study: StoredStudy, *scores: float) -> None:
    """End its next trials with these accuracies."""
    for score in scores:
        claim = claim_trial(study, "w")
        assert claim is not None
        attrs: dict[str, Any] = {attributes.REASON: "finished", attributes.ACCURACIES: [score]}
        study.storage.end_trial(claim.trial_id, TrialState.COMPLETE, score, "finished", "", attrs)


@pytest.fixture
def search(storage: Storage) -> StoredStudy:
    study = create_study(storage, StudySpec(("triangle",), name="peak", dataset="digits", depth=8, trials=1))
    end(study, 0.8)
    return study


@pytest.fixture
def planned(storage: Storage, search: StoredStudy) -> StoredStudy:
    changes: dict[str, Any] = {"purpose": "confirmation", "evaluated_on": "test", "parent": "peak", "pruner": "none"}
    changes |= {"dataset": "digits", "depth": 8, "planned": PLAN, "trials": 4}
    return create_study(storage, StudySpec(("triangle",), name="peak-confirmation", **changes))


def test_a_search_knows_what_came_of_it(search: StoredStudy, planned: StoredStudy) -> None:
    end(planned, 0.8, 0.82, 0.8, 0.83)
    (child,) = study_data(search).children
    assert (child.name, child.study_id, child.purpose, child.is_over) == (
        "peak-confirmation",
        planned.study_id,
        "confirmation",
        True,
    )
    assert child.sentence.startswith(child.verdict)
    assert study_data(planned).children == ()


def test_a_planned_study_keeps_its_outcome_when_its_parent_is_deleted(
    storage: Storage, search: StoredStudy, planned: StoredStudy
) -> None:
    end(planned, 0.8, 0.82)
    data = study_data(planned)
    assert (data.has_parent, data.search[0].role) == (True, "baseline")
    storage.delete_study(search.study_id)
    gone = study_data(planned)
    assert (gone.has_parent, gone.search) == (False, ())
    assert gone.outcome.rows[1].differences == pytest.approx((2.0,))
    assert "peak, which was deleted" in study_note(gone)


def test_a_child_that_cannot_be_read_is_named_with_the_reason(
    storage: Storage, search: StoredStudy, planned: StoredStudy
) -> None:
    storage.set_study_user_attr(planned.study_id, attributes.EXCLUDED, "nonsense")
    (child,) = study_data(search).children
    assert (child.name, child.verdict) == ("peak-confirmation", "")
    assert child.sentence.startswith("It cannot be read: ")


def test_the_notes_of_both_lead_to_each_other(search: StoredStudy, planned: StoredStudy) -> None:
    end(planned, 0.8, 0.82)
    parent, child = study_note(study_data(search)), study_note(study_data(planned))
    assert "[peak\\-confirmation](/vsearch/studies/peak-confirmation), a confirmation\\. Not shown" in parent
    assert "The curves come from the study [peak](/vsearch/studies/peak)." in child
    assert "Not shown\\: trial \\*1\\*" in child


def test_a_trial_of_a_plan_is_compared_with_the_baseline_of_its_seed(planned: StoredStudy) -> None:
    end(planned, 0.8, 0.82, 0.9, 0.91)
    data = study_data(planned)
    assert [data.difference(trial) for trial in data.trials] == pytest.approx([0.0, 2.0, 0.0, 1.0])
    note = trial_note(data, data.trials[3])
    assert "trial \\*1\\* with seed number 1" in note
    assert "91.00 % test accuracy after" in note.replace("\\", "")
    assert "+1.00 points against the baseline with this seed" in note.replace("\\", "")


def test_the_pictures_of_the_parent_are_drawn_anew_when_a_planned_study_ends(
    search: StoredStudy, planned: StoredStudy
) -> None:
    painter = Painter("p")
    assert painter.refresh(search)
    before = state_of(search)
    end(planned, 0.8, 0.82, 0.8, 0.83)
    assert state_of(search) != before
    assert painter.refresh(planned)
    assert search.storage.drawing(search.study_id).state == state_of(search)
    assert list(board(study_data(planned), {}).figures) == ["forest", "pairs", "scales", "learning"]


def test_a_page_of_a_search_is_written_anew_when_its_confirmation_changes(
    storage: Storage, search: StoredStudy, planned: StoredStudy
) -> None:
    source = StudySource(storage)
    before = source.marks()
    end(planned, 0.8)
    after = source.marks()
    assert {name for name in after if before[name] != after[name]} == {"peak", "peak-confirmation"}


def test_a_list_says_what_a_study_is_for_and_calls_no_single_training_the_best(
    storage: Storage, search: StoredStudy, planned: StoredStudy
) -> None:
    end(planned, 0.8)
    rows = {row.name: row for row in overviews(storage)}
    assert (rows["peak"].purpose, rows["peak"].best) == ("search", 0.8)
    found = rows["peak-confirmation"]
    assert (found.purpose, found.parent, found.best, found.best_trial) == ("confirmation", "peak", None, None)


def test_the_dashboard_is_told_that_a_plan_has_no_important_hyperparameters(
    storage: Storage, search: StoredStudy, planned: StoredStudy
) -> None:
    asked: list[str] = []

    def dashboard(environ: Any, start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        return [b"optuna"]

    app = without_importances_of_plans(dashboard, storage)
    said: list[str] = []
    for number in (planned.study_id, search.study_id, 999):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/api/studies/{number}/param_importances"}
        said.append(b"".join(app(environ, lambda *_: None)).decode())  # type: ignore[arg-type]
    assert said == ['{"param_importances": [[]]}', "optuna", "optuna"]
    assert len(asked) == 2
