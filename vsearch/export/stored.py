"""What can be exported of a stored study: the network that a confirmation trained, or a curve alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vsearch.confirmation.outcome import outcome
from vsearch.curves import Curve
from vsearch.data.load import pixel_statistics
from vsearch.data.registry import read_train_split
from vsearch.errors import DataError, InputError
from vsearch.export.choice import certainty_of, choose_curve, choose_trial
from vsearch.export.values import Certainty, ConfirmedNetwork, ExportedCurve, Origin
from vsearch.models.digest import state_digest
from vsearch.search import attributes
from vsearch.search.ranking import best
from vsearch.search.relatives import planned_specs
from vsearch.search.stored import StoredStudy, open_study
from vsearch.search.trials import TrialResult, trial_results
from vsearch.spec.datasets import dataset_info
from vsearch.storage.checkpoints import CheckpointStore, Key
from vsearch.training.checkpoint import CheckpointError, decode

ANY_FENCE = 2**31 - 1
SAMPLES = 64
"""Real images that exported forms are compared on."""


def confirmed_network(
    study: StoredStudy,
    store: CheckpointStore,
    *,
    data_path: Path,
    which: str = "",
    seed_index: int | None = None,
    download: bool = False,
) -> ConfirmedNetwork:
    """A network that a study judged by the test split has trained, with the weights of its last epoch.

    Args:
        study: a planned one, or a search that has one confirmation.
        store: where its workers keep checkpoints.
        data_path: the folder of the images, whose mean and standard deviation belong to the network.
        which: label or role of a planned curve; by default the winner.
        seed_index: of the training; by default the one of median test accuracy.
        download: fetch the images if they are missing.

    Raises:
        InputError: the study keeps no weights, or has no such curve, seed or weights.
        DataError: weights or images cannot be read, or the weights are not the recorded ones.
    """
    study = confirmation_of(study)
    trials = trial_results(study)
    found = outcome(study.spec, trials)
    planned = choose_curve(found, trials, which)
    if planned.role == "control":
        raise InputError(f"weights of controls are not kept; {planned.label!r} can be exported with --curve-only")
    trial, choice = choose_trial(trials, planned.label, seed_index)
    state = _weights(study, trial, store)
    spec = study.spec
    official = read_train_split(spec.dataset, data_path, download=download, image_size=spec.image_size)
    mean, std = pixel_statistics(official.images, torch.arange(len(official.labels)).numpy())
    assert trial.accuracy is not None
    return ConfirmedNetwork(
        curve=planned.curve,
        depth=spec.depth,
        dataset=spec.dataset,
        num_classes=official.num_classes,
        channels=official.images.shape[3],
        origin=_origin(study, trial),
        certainty=certainty_of(found, planned.label),
        role=planned.role,
        seed=trial.seeds[0],
        accuracy=trial.accuracy,
        choice=choice,
        image_size=official.images.shape[1],
        mean=tuple(map(float, mean)),
        std=tuple(map(float, std)),
        state_dict=state,
        images=torch.from_numpy(official.images[:SAMPLES]),
    )


def stored_curve(study: StoredStudy, which: str = "") -> ExportedCurve:
    """A curve of a study without weights: of a plan as `confirmed_network` chooses it, of a search its best so far.

    Raises:
        InputError: there is no such curve, or `which` is given for a search.
        VsearchError: nothing has been trained.
    """
    spec, trials = study.spec, trial_results(study)
    if not spec.planned:
        if which:
            raise InputError(f"{spec.name} is a search, whose best curve is exported; --which is for confirmations")
        trial = best(trials).trial
        assert trial.curve is not None
        return _curve(study, trial.curve, _origin(study, trial), None)
    found = outcome(spec, trials)
    planned = choose_curve(found, trials, which)
    certainty = certainty_of(found, planned.label) if spec.evaluated_on == "test" else None
    return _curve(study, planned.curve, Origin(spec.name, spec.parent, spec=spec.to_json()), certainty)


def _curve(study: StoredStudy, curve: Curve, origin: Origin, certainty: Certainty | None) -> ExportedCurve:
    info = dataset_info(study.spec.dataset)
    return ExportedCurve(
        curve=curve,
        depth=study.spec.depth,
        dataset=study.spec.dataset,
        num_classes=info.num_classes if info else 10,
        channels=info.channels if info else 3,
        origin=origin,
        certainty=certainty,
    )


def confirmation_of(study: StoredStudy) -> StoredStudy:
    """`study` itself if its networks were judged by the test split, or its one confirmation.

    Raises:
        InputError: it has none, or several.
    """
    if study.spec.evaluated_on == "test":
        return study
    if study.spec.planned:
        raise InputError(f"{study.name!r} was judged by validation images and keeps no weights; say --curve-only")
    found = _confirmations(study)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(repr(other.name) for other in found)
        raise InputError(f"{study.name!r} has several confirmations; export one of {names}")
    raise InputError(
        f"the study {study.name!r} keeps no weights, as nothing of it was confirmed: run vsearch confirm {study.name} "
        "first, or say --curve-only"
    )


def _confirmations(study: StoredStudy) -> list[StoredStudy]:
    names = [
        spec.name
        for spec in planned_specs(study.storage)
        if spec.parent == study.name and spec.purpose == "confirmation" and spec.evaluated_on == "test"
    ]
    return [open_study(study.storage, name) for name in sorted(names)]


def _weights(study: StoredStudy, trial: TrialResult, store: CheckpointStore) -> Mapping[str, Tensor]:
    """The recorded ones; what else lies under the trial's name is passed over."""
    trial_id = study.storage.get_trial_id_from_study_id_trial_number(study.study_id, trial.number)
    recorded, reason = trial.attributes.get(attributes.WEIGHTS_DIGESTS), "none are there"
    for name, content in store.read(Key(study.name, study.study_id, trial.number, trial_id, ANY_FENCE)):
        try:
            state = _network_state(decode(content, name))
        except CheckpointError as error:
            reason = str(error)
            continue
        if state is not None and [state_digest(state)] == recorded:
            return state
        reason = f"those in {name} are not the recorded ones"
    raise DataError(
        f"the weights of trial {trial.number} of {study.name} are not in {store.place}: {reason}; set --checkpoints "
        "(VSEARCH_CHECKPOINTS) to the place where its worker kept them, or take another --seed-index"
    )


def _network_state(state: Mapping[str, Any]) -> Mapping[str, Tensor] | None:
    """The weights in a trial's checkpoint, None where it holds something else."""
    try:
        found = state["trainings"][0]["network"]
        is_state = all(isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in found.items())
    except (LookupError, TypeError, AttributeError):
        return None
    return found if is_state else None


def _origin(study: StoredStudy, trial: TrialResult) -> Origin:
    attrs = trial.attributes
    versions = attrs.get(attributes.VERSIONS)
    return Origin(
        study=study.name,
        parent=study.spec.parent,
        trial=trial.number,
        spec=study.spec.to_json(),
        versions={str(k): str(v) for k, v in versions.items()} if isinstance(versions, dict) else {},
        commit=str(attrs.get(attributes.COMMIT) or ""),
        device=str(attrs.get(attributes.DEVICE) or ""),
        precision=str(attrs.get(attributes.PRECISION) or ""),
    )
