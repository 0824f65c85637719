"""Pictures of a study are drawn into it in time, by one of many, and without harm to whoever asks for them."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna_dashboard
import pytest
from optuna.trial import TrialState

from vsearch.errors import InputError
from vsearch.reports import pictures
from vsearch.reports.pictures import MOST_NOTES, Painter, board, state_of
from vsearch.reports.study_data import StudyData
from vsearch.search.claims import claim_trial
from vsearch.search.control import stop
from vsearch.search.excluding import exclude
from vsearch.search.stored import StoredStudy, create_study
from vsearch.spec import StudySpec
from vsearch.storage import Storage, open_storage

FIGURES = [f"vsearch-{place}" for place in ("1-curves", "2-positions", "3-progress", "4-rungs", "5-learning")]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A storage on a new SQLite file."""
    opened = open_storage(f"sqlite:///{tmp_path / 'studies.db'}")
    yield opened
    opened.close()


@pytest.fixture
def study(storage: Storage) -> StoredStudy:
    """A study of four trials, of which none has begun."""
    return create_study(
        storage, StudySpec(("triangle",), dataset="digits", depth=8, trials=4, epochs=4, sampler="random")
    )


def end_one(study: StoredStudy, state: TrialState = TrialState.COMPLETE) -> None:
    """Claim a trial and end it."""
    claim = claim_trial(study, "w")
    assert claim is not None
    claim.trial.report(0.5, 1)
    study.storage.end_trial(claim.trial_id, state, 0.5 if state == TrialState.COMPLETE else None, state.name.lower())


def figures(study: StoredStudy) -> list[str]:
    """The identifiers of the figures in the study."""
    keys = study.storage.get_study_system_attrs(study.study_id)
    return sorted(key.split(":")[2] for key in keys if key.startswith("dashboard:plot_data:"))


def test_a_new_study_has_its_figures_and_its_note_at_once(study: StoredStudy) -> None:
    assert Painter("a").refresh(study)
    assert figures(study) == FIGURES
    assert "triangle" in optuna_dashboard.get_note(study.optuna_study)
    assert study.storage.drawing(study.study_id).state == state_of(study)


def test_between_two_drawings_there_is_a_pause_and_the_end_is_drawn_in_any_case(study: StoredStudy) -> None:
    first, second = Painter("a"), Painter("b")
    assert first.refresh(study)
    drawn = [0, 0]
    for _ in range(3):
        end_one(study)
        drawn = [drawn[0] + first.refresh(study), drawn[1] + second.refresh(study)]
    assert drawn == [0, 0]
    end_one(study, TrialState.PRUNED)
    assert second.refresh(study)
    assert not first.refresh(study)
    assert "4 of 4 trials" in optuna_dashboard.get_note(study.optuna_study)


def test_after_the_pause_the_same_painter_goes_on_and_others_wait_longer(
    study: StoredStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Painter("a"), Painter("b")
    assert first.refresh(study)
    end_one(study)
    monkeypatch.setattr(pictures, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(pictures, "LARGEST_SHARE", 1e-9)  # a drawing of a second asks for a pause of years
    assert not Painter("a").refresh(study)
    monkeypatch.setattr(pictures, "LARGEST_SHARE", 1e9)
    assert not second.refresh(study) or study.storage.drawing(study.study_id).holder == "b"
    assert Painter("a").refresh(study) != (study.storage.drawing(study.study_id).holder == "b")


def test_what_people_change_is_drawn_too(study: StoredStudy) -> None:
    painter = Painter("a")
    end_one(study)
    assert painter.refresh(study)
    before = state_of(study)
    stop(study)
    assert painter.refresh(study)  # it has ended
    exclude(study, 0, "a broken disk")
    assert painter.refresh(study)
    assert len({before, state_of(study), study.storage.drawing(study.study_id).state}) == 2


def test_of_many_that_end_together_one_draws(study: StoredStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        end_one(study)
    drawn: list[str] = []
    draw = pictures.board

    def counted(data: StudyData, ids: dict[int, int]) -> Any:
        drawn.append(threading.current_thread().name)
        return draw(data, ids)

    monkeypatch.setattr(pictures, "board", counted)
    threads = [threading.Thread(target=Painter(f"w{i}").refresh, args=(study,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 1
    assert figures(study) == FIGURES


def test_a_painter_that_waits_for_another_draws_what_ended_meanwhile(study: StoredStudy) -> None:
    storage, waited = study.storage, []
    for _ in range(4):
        end_one(study)
    assert storage.take_drawing(study.study_id, "other", 60)

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        storage.write_drawing(study.study_id, "other", "an older state", 0.1, dict)

    assert Painter("a", sleep).refresh(study)
    assert len(waited) == 1
    assert figures(study) == FIGURES


def test_a_fault_in_a_picture_is_logged_and_given_up_for_a_while(
    study: StoredStudy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def fail(*_: Any) -> Any:
        calls.append(1)
        raise ZeroDivisionError("a picture")

    monkeypatch.setattr(pictures, "board", fail)
    painter = Painter("a")
    with caplog.at_level(logging.ERROR):
        assert not painter.refresh(study)
    assert "a picture" in caplog.text
    assert not painter.refresh(study)
    assert len(calls) == 1
    assert not study.storage.drawing(study.study_id).is_held


def test_a_study_that_is_gone_is_no_fault(study: StoredStudy) -> None:
    study.storage.delete_study(study.study_id)
    assert not Painter("a").refresh(study)


def test_asked_for_by_a_person_pictures_are_drawn_now_or_the_reason_is_told(study: StoredStudy) -> None:
    painter = Painter("a")
    assert painter.refresh(study)
    end_one(study)
    painter.draw(study)
    assert "1 of 4 trials" in optuna_dashboard.get_note(study.optuna_study)
    study.storage.delete_study(study.study_id)
    with pytest.raises(InputError, match="gone"):
        painter.draw(study)


def test_only_so_many_trials_get_a_note_the_best_and_the_last_and_the_baseline(
    trial: Callable[..., Any], data: Callable[..., StudyData]
) -> None:
    count = 2 * MOST_NOTES
    trials = [trial(0, 0.1, "constant value=1", role="baseline")]
    trials += [trial(i, 0.9 - i / 10_000, f"constant value={1 + i / 10_000}") for i in range(1, count)]
    notes = board(data(*trials, trials=count), {i: 1000 + i for i in range(count)}).trial_notes
    half = MOST_NOTES // 2
    assert set(notes) == {1000, *range(1001, 1001 + half), *range(1000 + count - half, 1000 + count)}
