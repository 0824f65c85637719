"""Planned studies and the searches that they come from."""

from collections.abc import Callable
from typing import Any

from vsearch.curves import BASELINE, Triangle
from vsearch.search import attributes
from vsearch.search.relatives import parent_of, planned_of, planned_specs, read_together
from vsearch.search.stored import StoredStudy
from vsearch.spec import StudySpec
from vsearch.spec.planned import PlannedCurve
from vsearch.storage import Storage

MakeStudy = Callable[..., StoredStudy]
PLAN: dict[str, Any] = {
    "purpose": "transfer",
    "pruner": "none",
    "parent": "peak",
    "trials": 2,
    "planned": (
        PlannedCurve("baseline", "baseline", BASELINE),
        PlannedCurve("candidate", "trial 3", Triangle(peak=1.3, floor=0.8)),
    ),
}


def test_planned_studies_are_found_among_searches_and_what_cannot_be_read(
    storage: Storage, make_study: MakeStudy
) -> None:
    make_study(name="peak")
    damaged = make_study(name="damaged", **PLAN)
    storage.set_study_user_attr(damaged.study_id, attributes.SPEC, '{"planned": 3}')
    make_study(name="there", **PLAN)
    assert [spec.name for spec in planned_specs(storage)] == ["there"]


def test_the_parent_is_found_until_it_is_deleted(storage: Storage, make_study: MakeStudy) -> None:
    search, planned = make_study(name="peak"), make_study(name="there", **PLAN)
    found = parent_of(planned)
    assert found is not None
    assert found.study_id == search.study_id
    assert parent_of(search) is None
    storage.delete_study(search.study_id)
    assert parent_of(planned) is None


def test_cells_of_a_transfer_and_settings_of_the_paper_are_read_together_and_others_alone() -> None:
    def spec(**changes: Any) -> StudySpec:
        return StudySpec(("triangle",), **{"dataset": "cifar10", **PLAN, **changes})

    cells = [spec(name=f"cell-{depth}", depth=depth) for depth in (20, 32)]
    other = spec(name="other", parent="slope")
    table = [
        spec(name=f"paper-table-cifar10-resnet{depth}", depth=depth, purpose="reproduction", parent="")
        for depth in (32, 56)
    ]
    alone = spec(name="peak-confirmation", purpose="confirmation")
    known = [*cells, other, *table, alone]
    assert [read_together(each, known) for each in known] == [2, 2, 1, 2, 2, 1]
    assert read_together(alone, []) == 1


def test_what_is_no_spec_is_no_plan() -> None:
    for text in ("", "{", "[]", '"planned"', '{"planned": []}', StudySpec(("triangle",)).to_json()):
        assert planned_of(text) is None
