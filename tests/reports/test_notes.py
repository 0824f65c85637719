"""Notes in Markdown: what they say, and that nothing foreign in them becomes markup."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from vsearch.reports.notes import WORD_JOINER, code_block, code_span, curve_lines, markdown_text, study_note, trial_note

TRIANGLE = "triangle peak=1.3 floor=0.8"
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;script&gt; &#60;b&#62;",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/pixel.png)",
    "<http://evil.example>",
    "`code` **bold** _thin_ ~~gone~~",
    "# heading",
    "1. list\n2. list",
    "- list\n\n- list",
    "> quoted",
    "a\n\n    indented code",
    "```\nfence\n```",
    "title\n=====",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "[ref]: http://evil.example",
    "[^1]: footnote",
    "trailing backslash \\",
    "line one  \nline two",
    "***\n---",
    "a\r<b>\u2028<i>\u2029\x0b\x0c",
]
ALLOWED = {"inline", "text", "paragraph_open", "paragraph_close"}


def tokens(markdown: str) -> Iterator[Token]:
    """Of a reader of Markdown that lets HTML through, and knows tables and strike-through."""
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown):
        yield token
        yield from token.children or ()


def shown(markdown: str) -> str:
    """The text that a reader sees."""
    return "".join(token.content for token in tokens(markdown) if token.type in ("text", "text_special"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_foreign_text_shows_as_it_is_and_is_no_markup(attack: str) -> None:
    markdown = markdown_text(attack)
    assert {token.type for token in tokens(markdown)} <= ALLOWED
    expected = " ".join(re.sub(r"[\x00-\x1f\u2028\u2029]", " ", attack).split())
    assert shown(markdown).replace(WORD_JOINER, "") == expected
    assert "<" not in markdown
    assert "\n" not in markdown


@pytest.mark.parametrize(
    "text", ["http://evil.example", "https://evil.example/x", "www.evil.example", "a@evil.example"]
)
def test_what_githubs_markdown_makes_a_link_of_is_no_link(text: str) -> None:
    """optuna-dashboard's page looks for these two patterns in text, escaped or not."""
    seen = shown(markdown_text(f"see {text} now"))
    assert not re.search(r"(https?://|www(?=\.))([-.\w]+)", seen, re.IGNORECASE)
    assert not re.search(r"(^|\W)([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)", seen)
    assert seen.replace(WORD_JOINER, "") == f"see {text} now"


def test_control_characters_and_changes_of_direction_are_dropped() -> None:
    assert markdown_text("a\x1b\x00b\u202ec\u2066\ud800d\x7f\u200b") == "abcd"


def test_letters_of_any_script_stay() -> None:
    assert markdown_text("가변 é ▁▃█ …") == "가변 é ▁▃█ …"


@pytest.mark.parametrize("text", ["plain", "a`b", "`", "``x```", "<b>", "\x1b[2J"])
def test_code_span_is_one_piece_of_code_whatever_backticks_it_holds(text: str) -> None:
    inline = [token for token in tokens(code_span(text)) if token.type == "code_inline"]
    assert [token.content for token in inline] == [text.replace("\x1b", "")]


def test_empty_code_span_is_nothing() -> None:
    assert code_span(" \n") == ""


def test_code_block_cannot_be_closed_from_inside() -> None:
    (block,) = tokens(code_block("````", "</code><script>"))
    assert block.type == "fence"
    assert block.content == "````\n</code><script>\n"
    (other,) = tokens(code_block("a\n```\nb"))  # a line end inside a line is dropped
    assert other.content == "a```b\n"


def test_curve_is_drawn_with_the_ends_of_its_axes() -> None:
    scales = tuple(0.8 + 0.5 * (1 - abs(block - 8) / 7) for block in range(1, 16))
    assert curve_lines(scales) == ("▁▂▃▄▅▆▇█▇▆▅▄▃▂▁  scale 0.8 … 1.3", "1            15  block")


@pytest.mark.parametrize("count", [1, 3, 9, 15, 27, 54])
def test_axis_is_as_long_as_the_curve(count: int) -> None:
    picture, axis = curve_lines((1.0,) * count)
    assert picture.index("  scale") == axis.index("  block") == count
    assert axis[:count].split() == ([str(count)] if count == 1 else ["1", str(count)])


@pytest.mark.parametrize("scales", [(), (1.0, float("nan")), (float("inf"),)])
def test_what_cannot_be_drawn_is_left_out(scales: tuple[float, ...]) -> None:
    assert curve_lines(scales) == ()


def test_study_note_says_all_in_about_ten_lines(trial: Any, data: Any) -> None:
    note = study_note(data(trial(0, 0.9, role="baseline"), trial(1, 0.908, TRIANGLE), name="my.study"))
    text = shown(note)
    assert "Which triangle curve beats the plain ResNet-32 on CIFAR-10?" in text
    assert "Triangle(peak=1.3, floor=0.8, apex=8) (trial 1), 90.80 % validation accuracy, +0.80 points" in text
    assert "nothing is shown yet" in text
    assert "Budget: 2 of 50 trials" in text
    assert "▁▂▃▄▅▆▇█▇▆▅▄▃▂▁  scale 0.8 … 1.3\n1            15  block\n" in {token.content for token in tokens(note)}
    assert "vsearch study run my.study" in {token.content for token in tokens(note) if token.type == "code_inline"}
    links = [token.attrs["href"] for token in tokens(note) if token.type == "link_open"]
    assert links == ["/vsearch/studies/my.study"]
    assert len([line for line in note.splitlines() if line]) <= 12


def test_study_note_without_trials_has_no_picture(data: Any) -> None:
    note = study_note(data())
    assert "No trial has finished yet" in shown(note)
    assert "fence" not in {token.type for token in tokens(note)}


def test_trial_note_shows_curve_knobs_score_and_ending(trial: Any, data: Any) -> None:
    baseline = trial(0, 0.9, role="baseline", learning_curve=[0.9] * 8)
    tried = trial(1, 0.912, TRIANGLE, learning_curve=[0.912] * 8)
    note = trial_note(data(baseline, tried), tried)
    text = shown(note)
    assert "▁▂▃▄▅▆▇█▇▆▅▄▃▂▁  scale 0.8 … 1.3" in note
    items = [token for token in tokens(note) if token.type == "list_item_open"]
    assert len(items) == len(tried.knobs)
    assert "peak: 1.3" in text
    assert "91.20 % validation accuracy after 8 of 8 epochs, +1.20 points against the baseline." in text
    assert "It ended as finished" in text


def test_pruned_trial_is_compared_with_the_baseline_after_as_many_epochs(trial: Any, data: Any) -> None:
    baseline = trial(0, 0.9, role="baseline", learning_curve=[0.2, 0.5, 0.8, 0.9])
    pruned = trial(1, 0.45, TRIANGLE, state="pruned", learning_curve=[0.3, 0.45], detail="below the rung's best half")
    text = shown(trial_note(data(baseline, pruned, epochs=4), pruned))
    assert (
        "45.00 % validation accuracy after 2 of 4 epochs, -5.00 points against the baseline after as many epochs"
        in text
    )
    assert "It ended as pruned: below the rung's best half" in text


def test_baseline_and_the_papers_curve_are_called_so(trial: Any, data: Any) -> None:
    baseline, paper = trial(0, 0.9, role="baseline"), trial(1, 0.91, TRIANGLE, role="paper")
    study = data(baseline, paper)
    assert "the baseline" in shown(trial_note(study, baseline)).split("%")[0]
    assert "against the baseline" not in shown(trial_note(study, baseline))
    assert "the paper's curve" in shown(trial_note(study, paper))


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_trial_without_curve_or_accuracy_says_so(trial: Any, data: Any, state: str) -> None:
    tried = trial(3, None, None, state=state)
    text = shown(trial_note(data(tried), tried))
    assert "no curve yet" in text
    assert "No accuracy yet." in text
    assert f"It is {state}." in text


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_trials_rows_becomes_markup(trial: Any, data: Any, attack: str) -> None:
    tried = trial(
        1, 0.4, TRIANGLE, state="failed", role=attack, reason=attack, detail=attack, knobs={attack: attack, "peak": 1.3}
    )
    own = trial(1, 0.4, TRIANGLE, state="failed", role="x", reason="x", detail="x", knobs={"x": "x", "peak": 1.3})
    study = data(trial(0, 0.9, role="baseline"), tried)
    kinds = [token.type for token in tokens(trial_note(study, tried)) if token.type not in ("text", "inline")]
    assert kinds == [token.type for token in tokens(trial_note(study, own)) if token.type not in ("text", "inline")]
    assert not {"html_block", "html_inline", "link_open", "image"} & set(kinds)


def test_long_details_are_cut(trial: Any, data: Any) -> None:
    tried = trial(1, 0.4, TRIANGLE, state="failed", detail="x" * 5000)
    assert len(trial_note(data(tried), tried)) < 1000


def test_a_family_of_54_blocks_and_a_best_without_curve_have_notes(trial: Any, data: Any) -> None:
    deep = data(trial(0, 0.9, role="baseline", num_blocks=54), trial(1, 0.95, TRIANGLE, num_blocks=54), depth=110)
    assert "54  block" in study_note(deep)
    bare = data(trial(0, 0.9, role="baseline"), trial(1, 0.95, None))
    assert "a curve that is not recorded (trial 1)" in shown(study_note(bare))
