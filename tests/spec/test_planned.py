"""Planned studies: what a plan may be, and that it survives being stored."""

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from vsearch.curves import BASELINE, Levels, Triangle
from vsearch.errors import InputError
from vsearch.spec import StudySpec, spec_from_dict, spec_from_json
from vsearch.spec.differences import differences
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.toml import to_toml

PLAN = (
    PlannedCurve("baseline", "baseline", BASELINE),
    PlannedCurve("candidate", "trial 7", Triangle(peak=1.3, floor=0.8)),
    PlannedCurve("control", "reversed", Levels((1.2, 0.9, 1.0))),
)
PLANNED: dict[str, Any] = {
    "families": ("triangle",),
    "name": "confirmation",
    "dataset": "digits",
    "depth": 8,
    "epochs": 4,
    "purpose": "confirmation",
    "parent": "search",
    "evaluated_on": "test",
    "planned": PLAN,
    "pruner": "none",
    "trials": 6,
}


def test_a_plan_survives_json_and_toml() -> None:
    spec = StudySpec(**PLANNED)
    assert spec_from_json(spec.to_json()) == spec
    assert spec_from_dict(tomllib.loads(to_toml(spec))) == spec
    assert spec.seeds_per_curve == 2


def test_a_search_is_written_as_before_there_were_plans() -> None:
    """Digests of specs in stored trials so stay what they are."""
    assert not {"purpose", "parent", "evaluated_on", "planned"} & StudySpec(("triangle",)).to_dict().keys()


def test_without_its_budget_a_plan_keeps_its_curves() -> None:
    spec = StudySpec(**PLANNED)
    assert spec.without_budget() == spec.with_changes(trials=9).without_budget()
    assert spec.without_budget().planned == PLAN


def test_a_settled_curve_keeps_its_seeds_and_the_others_share_what_is_left() -> None:
    settled = (PLAN[0], PLAN[1], replace(PLAN[2], seeds=2))
    spec = StudySpec(**PLANNED | {"planned": settled, "trials": 10})
    assert spec.seeds_per_curve == 4
    assert [spec.seeds_of(item) for item in spec.planned] == [4, 4, 2]
    assert spec_from_json(spec.to_json()) == spec
    assert spec_from_dict(tomllib.loads(to_toml(spec))) == spec
    assert spec.without_budget() == StudySpec(**PLANNED).without_budget()


def test_curves_that_are_not_settled_are_written_as_before() -> None:
    assert StudySpec(**PLANNED).to_dict()["planned"][1].keys() == {"role", "label", "curve"}


def test_what_is_judged_by_the_test_split_may_train_on_the_whole_train_split() -> None:
    spec = StudySpec(**PLANNED | {"train_images": 1438, "validation_images": 359})
    assert spec.train_images == 1438
    with pytest.raises(InputError, match=r"train_images is 1439; digits allows 10 .* to 1438"):
        spec.with_changes(train_images=1439)
    with pytest.raises(InputError, match=r"validation_images is 360; digits allows 10 .* to 359"):
        spec.with_changes(validation_images=360)


def test_he2015_counts_its_iterations_on_the_whole_train_split() -> None:
    """64,000 iterations of 128 of 50,000 images; a search trains on 45,000."""
    from vsearch.spec import RECIPES

    changes = PLANNED | {"dataset": "cifar10", "depth": 32, "epochs": 0, "recipe": RECIPES["he2015"]}
    assert StudySpec(**changes).epochs == 164
    assert StudySpec(("triangle",), recipe=RECIPES["he2015"]).epochs == 182


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"planned": ()}, r"purpose is confirmation, and 0 curves are planned"),
        ({"purpose": "search"}, r"purpose is search, and 3 curves are planned"),
        ({"purpose": "confirmatoin"}, r"confirmatoin.*Did you mean 'confirmation'"),
        ({"planned": PLAN[1:], "trials": 2}, r"exactly one baseline"),
        ({"planned": (*PLAN, replace(PLAN[0], label="again")), "trials": 4}, r"exactly one baseline"),
        ({"planned": (replace(PLAN[0], curve=Triangle(1.3, 0.8)),), "trials": 1}, r"the curve that is 1 everywhere"),
        ({"planned": (*PLAN, PLAN[1]), "trials": 4}, r"two planned curves are called 'trial 7'"),
        ({"trials": 7}, r"trials is 7; with 3 planned curves it must be a multiple"),
        (
            {"planned": (*PLAN[:2], replace(PLAN[2], seeds=3)), "trials": 8},
            r"trials is 8; 3 are those of 1 curves that get no more, and the other 2 take 3 each or more, all the same",
        ),
        ({"planned": (*PLAN[:2], replace(PLAN[2], seeds=3)), "trials": 7}, r"the other 2 take 3 each or more"),
        ({"planned": (replace(PLAN[0], seeds=2), *PLAN[1:])}, r"exactly one baseline.*with every seed"),
        ({"pruner": "asha"}, r'pruner = "none"'),
        ({"replicates": 2}, r"replicates = 1"),
        ({"evaluated_on": "train"}, r"train.*validation"),
        ({"parent": "../x"}, r"study name"),
    ],
)
def test_a_plan_that_makes_no_pairs_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        StudySpec(**PLANNED | changes)


def test_a_search_is_never_judged_by_the_test_split() -> None:
    with pytest.raises(InputError, match="the test split is closed"):
        StudySpec(("triangle",), evaluated_on="test")


@pytest.mark.parametrize(
    ("planned", "message"),
    [
        ("all", "planned is 'all'; give a list of tables"),
        ([1], "a planned curve is 1; it is a table"),
        ([{"role": "baseline"}], "it is a table with role, label and curve"),
        ([{"role": 1, "label": "x", "curve": {}}], "role and label are texts"),
        ([{"role": "winner", "label": "x", "curve": BASELINE.to_dict()}], "winner.*baseline, candidate"),
        ([{"role": "baseline", "label": "a\nb", "curve": BASELINE.to_dict()}], "printable"),
        ([{"role": "baseline", "label": "x", "curve": {"family": "cube"}}], "cube"),
        ([{"role": "control", "label": "x", "curve": BASELINE.to_dict(), "seeds": 0}], "seeds of a planned curve is 0"),
        ([{"role": "control", "label": "x", "curve": BASELINE.to_dict(), "seeds": "2"}], "seeds of a planned curve"),
    ],
)
def test_a_plan_of_other_things_than_curves_is_refused(planned: object, message: str) -> None:
    content = json.loads(StudySpec(**PLANNED).to_json())
    del content["version"]
    with pytest.raises(InputError, match=message):
        spec_from_dict({**content, "planned": planned})


def test_differences_of_plans_name_their_curves() -> None:
    spec = StudySpec(**PLANNED)
    other = spec.with_changes(planned=PLAN[:2], trials=6)
    assert differences(spec, other) == ["planned: stored baseline, trial 7, reversed, asked for baseline, trial 7"]


def test_images_are_counted_of_the_part_that_is_used() -> None:
    spec = StudySpec(**PLANNED)
    assert (spec.training_images, spec.evaluation_images) == (1438, 359)
    search = StudySpec(("triangle",))
    assert (search.training_images, search.evaluation_images) == (45_000, 5_000)
    assert search.with_changes(validation_images=700).evaluation_images == 700
    assert StudySpec(("triangle",), dataset="folder:/x", epochs=4).evaluation_images is None
