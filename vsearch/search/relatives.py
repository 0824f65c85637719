"""Which planned studies a study has led to, and which study a planned one comes from."""

import json

from vsearch.errors import InputError
from vsearch.search import attributes
from vsearch.search.damage import DamagedRow
from vsearch.search.stored import StoredStudy, open_study
from vsearch.spec.read import spec_from_json
from vsearch.spec.study import StudySpec
from vsearch.storage import Storage


def planned_specs(storage: Storage) -> list[StudySpec]:
    """The specs of all planned studies that can be read, oldest first."""
    texts = map(_text, storage.attr_of_studies(attributes.SPEC).values())
    return [spec for text in texts if (spec := planned_of(text)) is not None]


def parent_of(study: StoredStudy) -> StoredStudy | None:
    """The study that a planned one comes from; None where there is none, or it is gone or cannot be read."""
    if not study.spec.parent:
        return None
    try:
        return open_study(study.storage, study.spec.parent)
    except (DamagedRow, InputError):
        return None


def read_together(spec: StudySpec, planned: list[StudySpec]) -> int:
    """So many studies answer one question with a planned study, itself included, and share its error rate.

    The cells of a curve's transfer come from one study and have one plan; those of the paper's table have one name but
    for the setting. All others are read alone.
    """
    return max(1, sum(_family(other) == _family(spec) for other in planned))


def _family(spec: StudySpec) -> tuple[object, ...]:
    match spec.purpose:
        case "transfer":
            return (spec.purpose, spec.parent, spec.planned)
        case "reproduction":
            return (spec.purpose, spec.name.removesuffix(f"-{spec.dataset}-{spec.network}{spec.depth}"))
        case _:
            return (spec.purpose, spec.name)


def planned_of(text: str) -> StudySpec | None:
    """The planned study of a stored spec; None for a search's, and for what is no spec."""
    if '"planned"' not in text:  # searches are many, and theirs need not be read
        return None
    try:
        spec = spec_from_json(text)
    except InputError:
        return None
    return spec if spec.planned else None


def _text(stored: str) -> str:
    try:
        text = json.loads(stored)
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""
