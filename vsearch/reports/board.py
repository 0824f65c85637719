"""What optuna-dashboard keeps with a study, as its attributes: figures and notes, ours beside those of other people."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

PREFIX = "vsearch-"
"""Of the identifiers of our figures; the dashboard shows them in no order of its own, ours by these."""
OWN_VERSION = 0
"""Of a note that vsearch wrote. A person who writes or changes one in the dashboard gives it 1 or more."""

_FIGURE = re.compile(rf"dashboard:plot_data:{PREFIX}.*")
_NOTE = re.compile(r"dashboard:(?:(\d+):)?note_(?:(ver)|str:\d+)")


class Board(NamedTuple):
    """What shall be seen of a study beside its numbers."""

    figures: Mapping[str, str]
    """Plotly's JSON of each figure by its name; shown in the order of the mapping."""
    note: str
    """Markdown."""
    trial_notes: Mapping[int, str]
    """Markdown by the trial's id."""

    def attributes(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes of the study under optuna-dashboard's keys, given those that are there.

        Notes that a person wrote or changed stay as they are until they are emptied, and so do figures and all else
        that is not ours. Source: optuna-dashboard 0.21, `save_note` and `save_plotly_graph_object`.
        """
        people = _people(present)
        kept = {key: value for key, value in present.items() if not _is_ours(key, people)}
        for place, (name, text) in enumerate(self.figures.items(), start=1):
            kept[f"dashboard:plot_data:{PREFIX}{place}-{name}:0"] = text
        for owner, text in [("", self.note), *((f"{trial_id}:", note) for trial_id, note in self.trial_notes.items())]:
            if owner not in people:
                kept |= {f"dashboard:{owner}note_ver": OWN_VERSION, f"dashboard:{owner}note_str:0": text}
        return kept


def _people(present: Mapping[str, Any]) -> set[str]:
    """Whose notes, of the study (``) or of a trial (`12:`), a person wrote."""
    found = set()
    for key, value in present.items():
        match = _NOTE.fullmatch(key)
        if match and match[2] and value != OWN_VERSION:
            owner = f"{match[1]}:" if match[1] else ""
            is_text = any(text for name, text in present.items() if name.startswith(f"dashboard:{owner}note_str:"))
            found |= {owner} if is_text else set()
    return found


def _is_ours(key: str, people: set[str]) -> bool:
    match = _NOTE.fullmatch(key)
    if match:
        return (f"{match[1]}:" if match[1] else "") not in people
    return _FIGURE.fullmatch(key) is not None
