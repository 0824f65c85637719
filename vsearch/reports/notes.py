"""The notes of a study and of its trials, in Markdown, as optuna-dashboard shows them.

Names, reasons and details come from a database that others write to: nothing of them becomes markup here.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from urllib.parse import quote

from vsearch.errors import shorten
from vsearch.reports.planned_words import child_sentences
from vsearch.reports.sparkline import sparkline
from vsearch.reports.study_data import StudyData
from vsearch.reports.summary import summary
from vsearch.reports.wording import percent, points
from vsearch.search.trials import TrialResult

LONGEST = 300
"""Characters of one foreign text in a note."""
WORD_JOINER = "\u2060"
_ESCAPED = frozenset(string.punctuation) - frozenset(",;%'\"?")
"""Those that are left out begin no markup."""
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
"""Places in what GitHub's Markdown makes a link of by itself, even out of escaped characters."""


def markdown_text(text: str) -> str:
    r"""`text` as Markdown that shows just that: one line, without markup, HTML or links.

    Control characters and changes of direction are dropped, line ends and tabs become spaces.

    >>> markdown_text("a*b*\n<i>")
    'a\\*b\\* &lt;i&gt;'
    """
    cut = _LINKS.sub(WORD_JOINER, _single_line(text))
    return "".join(_ENTITIES.get(c, f"\\{c}" if c in _ESCAPED else c) for c in cut)


def code_span(text: str) -> str:
    """`text` as inline code, on one line.

    >>> code_span("a`b")
    '``a`b``'
    """
    line = _single_line(text)
    fence = _fence(line, 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}" if line else ""


def code_block(*lines: str) -> str:
    """Lines of text in a fence that none of them can close."""
    clean = [_printable(line) for line in lines]
    fence = _fence("\n".join(clean), 3)
    return "\n".join((fence, *clean, fence))


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _single_line(text: str) -> str:
    return " ".join(_printable(" ".join(text.split())).split())


def _printable(text: str) -> str:
    """`text` without what changes how other text is shown: controls, changes of direction, halves of characters."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def study_note(data: StudyData) -> str:
    """The study's note: question, best curve and its picture, how sure, budget, next command, link to the figures."""
    told = summary(data)
    blocks = [f"**{markdown_text(told.question)}**", markdown_text(told.headline)]
    if picture := curve_lines(told.scales):
        blocks.append(code_block(*picture))
    blocks += [markdown_text(told.how_sure)] * bool(told.how_sure)
    if data.children:
        blocks.append(
            "\n".join(f"- {_link(child.name)}, {_text(words)}" for child, words in child_sentences(data.children))
        )
    if data.spec.parent:
        parent = _link(data.spec.parent) if data.has_parent else f"{_text(data.spec.parent)}, which was deleted"
        blocks.append(f"The curves come from the study {parent}.")
    blocks += [
        markdown_text(told.budget),
        f"Next: {code_span(told.next_command)}",
        _link(data.name, "figures and comparisons"),
    ]
    return "\n\n".join(blocks) + "\n"


def _link(study: str, text: str = "") -> str:
    """The way to our page of a study."""
    return f"[{_text(text or study)}](/vsearch/studies/{quote(study, safe='')})"


def _text(text: str) -> str:
    return markdown_text(shorten(text, 2 * LONGEST))


def trial_note(data: StudyData, trial: TrialResult) -> str:
    """A trial's note: its curve as a picture, its knobs, its accuracy, and how it ended."""
    role = _role(trial)
    curve = "no curve yet" if trial.curve is None else _cut(str(trial.curve))
    blocks = [f"**{markdown_text(curve)}**{', ' * bool(role)}{markdown_text(role)}"]
    if picture := curve_lines(trial.scales):
        blocks.append(code_block(*picture))
    if trial.knobs:
        blocks.append(
            "\n".join(f"- {markdown_text(_cut(name))}: {_knob(value)}" for name, value in trial.knobs.items())
        )
    blocks += [markdown_text(_score(data, trial)), markdown_text(_ending(trial))]
    return "\n\n".join(blocks) + "\n"


def _role(trial: TrialResult) -> str:
    if trial.pair is not None:
        return f"{_cut(trial.label)} with seed number {trial.pair}"
    return {"baseline": "the baseline", "paper": "the paper's curve", "search": ""}.get(trial.role, _cut(trial.role))


def curve_lines(scales: tuple[float, ...]) -> tuple[str, ...]:
    """A curve as two lines of text, with the ends of its axes; none where there are no scales.

    >>> print("\\n".join(curve_lines((0.8, 1.3, 0.8))))
    ▁█▁  scale 0.8 … 1.3
    1 3  block
    """
    if not scales or not all(map(math.isfinite, scales)):
        return ()
    ends = f"1{str(len(scales)).rjust(len(scales) - 1)}" if len(scales) > 1 else "1"
    low, high = f"{min(scales):.3g}", f"{max(scales):.3g}"
    return (f"{sparkline(scales)}  scale {low if low == high else f'{low} … {high}'}", f"{ends}  block")


def _knob(value: float | str) -> str:
    return markdown_text(_cut(value) if isinstance(value, str) else f"{value:.4g}")


def _score(data: StudyData, trial: TrialResult) -> str:
    if trial.accuracy is None:
        return "No accuracy yet." if trial.state in ("running", "waiting") else "No accuracy was reported."
    text = (
        f"{percent(trial.accuracy)} {data.spec.evaluated_on} accuracy after {trial.epochs} of {data.spec.epochs} epochs"
    )
    return f"{text}{_difference(data, trial)}."


def _difference(data: StudyData, trial: TrialResult) -> str:
    baseline = data.baseline_for(trial)
    if baseline is None or trial.number == baseline.number or trial.accuracy is None:
        return ""
    if trial.is_finished:
        seed = "" if trial.pair is None else " with this seed"
        return f", {points(data.difference(trial))} points against the baseline{seed}"
    if not 0 < trial.epochs <= len(baseline.learning_curve):
        return ""
    gain = 100 * (trial.accuracy - baseline.learning_curve[trial.epochs - 1])
    return f", {points(gain)} points against the baseline after as many epochs"


def _ending(trial: TrialResult) -> str:
    if trial.state in ("running", "waiting"):
        return f"It is {trial.state}."
    reason = f" ({_cut(trial.reason)})" if trial.reason and trial.reason != trial.state else ""
    return f"It ended as {trial.state}{reason}{': ' * bool(trial.detail)}{_cut(trial.detail)}"


def _cut(text: str) -> str:
    return shorten(text, LONGEST)
