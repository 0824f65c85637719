"""What a user gets wrong in a study file: one line that says what to do, exit code 2, and nothing is made.

The numbers are those of the project's list of bad inputs; `more` marks what the list does not name.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

TWICE = '"ramp", '

# (number, what the TOML file holds, words of the message); `family = "triangle"` stands before it where it has none.
TOML: list[tuple[str, str | bytes, tuple[str, ...]]] = [
    ("79", "x = !!python/object:os.abort", ("line 2",)),
    ("79", "depth = ", ("line 2",)),
    ("79", b"\0" * 100, ("line 1",)),
    ("80", f"x = {'[' * 100_000}", ("nested",)),
    ("80", f"knobs = {'{a=' * 5_000}1{'}' * 5_000}", ("nested",)),
    ("80", f"# {'x' * 2_000_000}", ("1000000 bytes",)),
    ("80", f"depth = {'9' * 5_000}", ("digits",)),
    ("80", f"trials = {'9' * 4_000}", ("trials", "1 to")),
    ("80", f"[recipe]\nlearning_rate = {'9' * 4_000}", ("learning_rate", "finite")),
    ("80", f"families = [{TWICE * 5_000}]", ("families",)),
    ("81", "triels = 3", ("triels", "Did you mean 'trials'?")),
    ("81", "[knob]\npeak = 1", ("knob", "Did you mean 'knobs'?")),
    ("81", "[recipe]\nspeed = 3", ("speed", "learning_rate")),
    ("81", "[knobs]\nslope = 1", ("slope", "peak")),
    ("81", "[knobs.ramp]\npeak = 1", ("ramp", "triangle")),
    ("81", "version = 1", ("version",)),
    ("82", "depth = 32\ndepth = 20", ("line 3",)),
    ("82", "[knobs]\n'triangle.peak' = 1.5\n[knobs.triangle]\npeak = 1.2", ("peak", "twice")),
    ("82", 'families = ["ramp"]', ("family", "families")),
    ("83", 'family = "tri\xe4ngle"'.encode("latin-1"), ("UTF-8", "byte 13")),
    ("83", 'family = "triangle"'.encode("utf-16"), ("UTF-8",)),
    ("more", b"trials = 3", ("--family triangle",)),
    ("more", b"family = 5", ("5", "list of names")),
    ("more", b"families = []", ("families",)),
    ("more", 'depth = "32"', ("depth", "'32'")),
    ("more", "depth = 32.0", ("depth", "32.0")),
    ("more", "depth = true", ("depth", "True")),
    ("more", "depth = 2020-01-01", ("depth", "2020")),
    ("more", "trials = true", ("trials", "True")),
    ("more", "trials = 5.0", ("trials", "5.0")),
    ("more", "epochs = 0", ("epochs", "0")),
    ("more", "epochs = false", ("epochs", "False")),
    ("more", 'seed = "1"', ("seed", "'1'")),
    ("more", "split_seed = -1", ("split_seed", "-1")),
    ("more", "rung_factor = 1", ("rung_factor", "1", "2 to")),
    ("more", "max_failed = []", ("max_failed", "[]")),
    ("more", 'train_images = "x"', ("train_images", "'x'")),
    ("more", "validation_images = 1.5", ("validation_images", "1.5")),
    ("more", "image_size = true", ("image_size", "True")),
    ("more", "replicates = []", ("replicates", "[]")),
    ("more", "startup_trials = 0", ("startup_trials", "0")),
    ("more", "grid_points = 2.5", ("grid_points", "2.5")),
    ("more", "name = 5", ("name", "5", "text")),
    ("more", 'name = ""', ("name is empty",)),
    ("more", "dataset = []", ("dataset", "[]", "text")),
    ("more", "sampler = 1", ("sampler", "1", "text")),
    ("more", "pruner = {}", ("pruner", "text")),
    ("more", 'network = "vgg"', ("vgg", "resnet")),
    ("more", "knobs = 3", ("knobs", "3", "table")),
    ("more", "[knobs]\npeak = true", ("peak", "True")),
    ("more", "[knobs]\npeak = [1, 2, 3]", ("peak", "[1, 2, 3]", "[low, high]")),
    ("more", "[knobs]\npeak = nan", ("peak", "nan")),
    ("more", "recipe = 5", ("recipe", "5", "table")),
    ("more", 'recipe = "x"', ("'x'", "short")),
    ("more", '[recipe]\nlearning_rate = "x"', ("learning_rate", "'x'", "number")),
    ("more", "[recipe]\nlearning_rate = true", ("learning_rate", "True", "number")),
    ("more", "[recipe]\ndrops = 0.5", ("drops", "0.5", "list")),
    ("more", '[recipe]\ndrops = ["a"]', ("drop 1", "'a'")),
    ("more", '[recipe]\nbatch_size = "x"', ("batch_size", "'x'")),
    ("more", "[recipe]\nbatch_size = true", ("batch_size", "True")),
    ("more", '[recipe]\niterations = "x"', ("iterations", "'x'")),
    ("more", "[recipe]\nepochs = 0", ("recipe.epochs", "0")),
    ("more", "[recipe]\nprecision = 3", ("precision", "3", "bf16")),
    ("more", "[recipe]\nwarmup = [1]", ("warmup", "[1]", "number")),
]


@pytest.mark.parametrize(
    ("content", "words"),
    [pytest.param(content, words, id=f"{number}-{content[:40]!r}") for number, content, words in TOML],
)
def test_a_wrong_study_file_is_refused_in_one_line(
    cli: "Cli", tmp_path: Path, content: str | bytes, words: tuple[str, ...]
) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(f'family = "triangle"\n{content}'.encode() if isinstance(content, str) else content)
    cli.refuses(["study", "create", str(file)], words, tmp_path)


def test_a_study_file_with_a_byte_order_mark_and_windows_line_ends_is_read(cli: "Cli", tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(b'\xef\xbb\xbffamily = "triangle"\r\nname = "bom"\r\n')
    assert cli("study", "create", str(file)).out == "bom\n"


def test_flags_win_over_the_knobs_of_a_file(cli: "Cli", tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('family = "triangle"\nname = "one"\n[knobs.triangle]\npeak = 1.5\nfloor = 0.9\n')
    assert cli("study", "create", str(file), "--knob", "peak=1.2").code == 0
    knobs = cli("study", "show", "one", "--json").json["spec"]["knobs"]
    assert (knobs["triangle.peak"], knobs["triangle.floor"]) == ("1.2", "0.9")
