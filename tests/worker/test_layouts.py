"""How many trainings at the same time: given, remembered, or measured."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vsearch.search.stored import StoredStudy
from vsearch.training.layout import Layout
from vsearch.worker import layouts as layouts_module
from vsearch.worker.layouts import FILE, Layouts
from vsearch.worker.workplace import Workplace

WorkplaceOf = Callable[[StoredStudy], Workplace]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The measurements that were asked for; each finds three slots of two threads."""
    asked: list[tuple[Any, ...]] = []

    def fastest(*arguments: Any) -> Layout:
        asked.append(arguments)
        return Layout(3, 2)

    monkeypatch.setattr(layouts_module, "fastest", fastest)
    return asked


@pytest.fixture
def workplace(make_study: Any, workplace_of: WorkplaceOf) -> Workplace:
    return workplace_of(make_study())


def test_what_was_measured_is_remembered_for_the_next_worker(
    workplace: Workplace, measured: list[Any], tmp_path: Path
) -> None:
    first = Layouts(tmp_path, None, None)
    assert not first.is_known(workplace)
    assert first.of(workplace) == first.of(workplace) == Layout(3, 2)
    assert first.is_known(workplace)
    assert Layouts(tmp_path, None, None).of(workplace) == Layout(3, 2)
    assert len(measured) == 1


def test_another_network_is_measured_by_itself(
    make_study: Any, workplace_of: WorkplaceOf, workplace: Workplace, measured: list[Any], tmp_path: Path
) -> None:
    known = Layouts(tmp_path, None, None)
    known.of(workplace)
    deeper, larger = make_study(name="deeper", depth=14), make_study(name="larger", training={"batch_size": 128})
    assert not known.is_known(workplace_of(deeper))
    assert not known.is_known(workplace_of(larger))
    assert not Layouts(tmp_path, 2, None).is_known(workplace)


def test_what_is_given_is_not_measured(workplace: Workplace, measured: list[Any], tmp_path: Path) -> None:
    assert Layouts(tmp_path, 5, 1).of(workplace) == Layout(5, 1)
    assert measured == []
    assert not (tmp_path / FILE).exists()


def test_what_is_remembered_of_this_machine_can_be_listed(
    workplace: Workplace, measured: list[Any], tmp_path: Path
) -> None:
    known = Layouts(tmp_path)
    assert known.remembered(workplace.device) == {}
    known.of(workplace)
    content = json.loads((tmp_path / FILE).read_text())
    (key,) = content
    elsewhere = {"some other machine, resnet-8": {"slots": 9, "threads": 9}, f"{key}, damaged": {"slots": 0}}
    (tmp_path / FILE).write_text(json.dumps(content | elsewhere))
    ((kind, layout),) = known.remembered(workplace.device).items()
    assert kind == f"resnet-8, 8x8x1, batch 64, {workplace.precision}, slots auto, threads auto"
    assert layout == Layout(3, 2)


def test_after_running_out_of_memory_fewer_are_taken_and_that_is_remembered(
    workplace: Workplace, measured: list[Any], tmp_path: Path
) -> None:
    known = Layouts(tmp_path, None, None)
    known.of(workplace)
    assert known.lower(workplace, 2) == known.of(workplace).slots == 2
    assert known.lower(workplace, 9) == 2
    assert known.lower(workplace, 0) == 1
    assert Layouts(tmp_path, None, None).of(workplace) == Layout(1, 2)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"KEY": 5}', '{"KEY": {"slots": 0, "threads": 1}}', '{"KEY": {"slots": "2", "threads": 1}}',
     '{"KEY": {"slots": 2}}', '{"KEY": {"slots": true, "threads": 1}}', '{"KEY": {"slots": 2, "threads": 5000}}'],
)  # fmt: skip
def test_a_file_that_says_nothing_sound_is_measured_anew(
    workplace: Workplace, measured: list[Any], tmp_path: Path, text: str
) -> None:
    fresh = Layouts(tmp_path, None, None)
    (tmp_path / FILE).write_text(text.replace("KEY", fresh._key(workplace)))
    assert fresh.of(workplace) == Layout(3, 2)
    assert len(measured) == 1
    assert Layouts(tmp_path, None, None).is_known(workplace)


def test_a_home_that_cannot_be_written_costs_only_the_memory(
    workplace: Workplace, measured: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = Layouts(tmp_path / "missing", None, None)
    assert known.of(workplace) == known.of(workplace) == Layout(3, 2)
    assert "is not remembered" in caplog.text
