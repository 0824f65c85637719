"""Studies in a storage: creating, opening, stopping and deleting them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import optuna
from optuna.study import StudyDirection

from vsearch.curves import Curve
from vsearch.errors import InputError, StorageError, shorten, unknown_name
from vsearch.search import attributes
from vsearch.search.damage import is_list, is_whole, reading
from vsearch.search.first import first_curves
from vsearch.search.planned import enqueue_planned, planned_trials, settled_as
from vsearch.search.pruner import build_pruner
from vsearch.search.sampler import CurveSampler
from vsearch.search.space import FAMILY, contains, parameter_name
from vsearch.spec.differences import differences
from vsearch.spec.read import spec_from_json
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage

StudyState = Literal["open", "stopped", "paused", "cancelled"]
_CREATING = 0
"""Stands for no study in the storage's locks: of two that create a study of one name, the second finds it whole."""


@dataclass(frozen=True)
class StoredStudy:
    """A study in a storage, with the sampler and the pruner of its spec."""

    spec: StudySpec
    storage: Storage
    study_id: int
    optuna_study: optuna.Study
    excluded: tuple[int, ...] = ()
    """The numbers of the trials that were taken out of it; Optuna's cache of ended trials knows of these."""

    @property
    def name(self) -> str:
        """The study's name in the storage."""
        return self.optuna_study.study_name

    @property
    def state(self) -> StudyState:
        """Whether workers may take trials."""
        return cast(StudyState, self.storage.study_attr(self.study_id, attributes.STATE) or "open")


def create_study(storage: Storage, spec: StudySpec) -> StoredStudy:
    """Store a new study and enqueue the baseline as its trial 0, then the paper's curves of its families.

    Of a planned study all trials are enqueued.

    Raises:
        InputError: the name is taken, with what differs from the stored study.
    """
    with storage.exclusive(_CREATING):
        return _create_study(storage, spec)


def _create_study(storage: Storage, spec: StudySpec) -> StoredStudy:
    try:
        study_id = storage.create_new_study([StudyDirection.MAXIMIZE], spec.name)
    except optuna.exceptions.DuplicatedStudyError:
        raise _exists(storage, spec) from None
    try:
        study = _load(storage, spec)
        enqueue_first(study, spec)
        storage.set_study_user_attr(study_id, attributes.STATE, "open")
        storage.set_study_user_attr(study_id, attributes.SPEC, spec.to_json())
    except BaseException:
        storage.delete_study(study_id)
        raise
    return StoredStudy(spec, storage, study_id, study)


def open_study(storage: Storage, name: str) -> StoredStudy:
    """The study of that name.

    Raises:
        InputError: there is none (the nearest name is given), it is not of vsearch, or its spec is of another version.
    """
    try:
        study_id = storage.get_study_id_from_name(name)
    except KeyError:
        raise unknown_name("study", name, storage.study_names()) from None
    with reading(f"the study {name!r}"):
        attrs = storage.get_study_user_attrs(study_id)
        excluded = _excluded(attrs)
    text = attrs.get(attributes.SPEC)
    if text is None:
        raise InputError(f"the study {name!r} was not made by vsearch: it has no spec")
    try:
        spec = spec_from_json(text)
    except InputError as error:
        raise InputError(f"the study {name!r} cannot be read: {error}") from None
    if spec.name != name:  # it would train, log and keep checkpoints under another name
        raise InputError(f"the study {name!r} cannot be read: its spec is that of a study {spec.name!r}")
    return StoredStudy(spec, storage, study_id, _load(storage, spec, name), excluded)


def refreshed(study: StoredStudy) -> StoredStudy:
    """The same study with its budget as it is now in the storage; Optuna's cache of its trials is kept if it may be.

    Raises:
        InputError: the study is gone, or was stored anew by another version.
    """
    try:
        with reading(f"the study {study.name!r}", passing=(KeyError,)):
            attrs = study.storage.get_study_user_attrs(study.study_id)
        text = attrs[attributes.SPEC]
    except KeyError:
        raise InputError(f"the study {study.spec.name!r} is gone; it was deleted meanwhile") from None
    with reading(f"the study {study.name!r}"):
        is_excluded_more = _excluded(attrs) != study.excluded
    if text == study.spec.to_json() and not is_excluded_more:
        return study
    spec = spec_from_json(text)
    is_another = spec.without_budget() != study.spec.without_budget()  # deleted, and its number given again
    return open_study(study.storage, spec.name) if is_another or is_excluded_more else replace(study, spec=spec)


def create_or_open(storage: Storage, spec: StudySpec) -> tuple[StoredStudy, bool]:
    """The stored study of that spec, and whether it is new.

    Raises:
        InputError: a study of that name exists with another spec.
    """
    with storage.exclusive(_CREATING):
        if spec.name not in storage.study_names():
            return _create_study(storage, spec), True
    stored = open_study(storage, spec.name)
    if _differences(stored.spec, spec):
        raise _exists(storage, spec)
    return stored, False


def enqueue_first(study: optuna.Study, spec: StudySpec) -> None:
    """Queue what a new study trains before its sampler is asked."""
    if spec.planned:
        enqueue_planned(study, planned_trials(spec))
        return
    for role, family, curve in first_curves(spec):
        enqueue(study, spec, role, family, curve)


def enqueue(study: optuna.Study, spec: StudySpec, role: str, family: str, curve: Curve) -> None:
    """Queue a given curve; with its knob values where the ranges hold it, so that the sampler learns from it."""
    values = spec.baseline_knobs(family) if role == "baseline" else curve.knob_values()
    params: dict[str, float | str] = {}
    if contains(spec, family, values):
        fixed = {knob.name for knob in spec.search_knobs[family] if knob.is_fixed}
        params = {parameter_name(spec, family, name): value for name, value in values.items() if name not in fixed}
        if len(spec.families) > 1:
            params[FAMILY] = family
    study.enqueue_trial(params, user_attrs={attributes.ROLE: role, attributes.CURVE: curve.to_dict()})


def _excluded(attrs: Mapping[str, Any]) -> tuple[int, ...]:
    numbers = attrs.get(attributes.EXCLUDED, [])
    if not is_list(is_whole)(numbers):
        raise TypeError(f"its {attributes.EXCLUDED} is {shorten(repr(numbers))}")
    return tuple(numbers)


def _load(storage: Storage, spec: StudySpec, name: str | None = None) -> optuna.Study:
    return optuna.load_study(
        study_name=name or spec.name, storage=storage, sampler=CurveSampler(spec), pruner=build_pruner(spec)
    )


def _differences(stored: StudySpec, spec: StudySpec) -> list[str]:
    """In words; curves that the stored plan has settled are no difference."""
    return differences(stored, settled_as(spec, stored))


def _exists(storage: Storage, spec: StudySpec) -> InputError:
    try:
        different = _differences(open_study(storage, spec.name).spec, spec)
    except (InputError, StorageError) as error:
        return InputError(f"the name {spec.name!r} is taken: {error}")
    if not different:
        return InputError(f"the study {spec.name!r} exists already; go on with it: vsearch study run {spec.name}")
    return InputError(
        f"the study {spec.name!r} exists with another spec ({'; '.join(different)}); give another --name, "
        f"or go on with the stored one: vsearch study run {spec.name}"
    )
