"""What a user gets wrong in arguments and files: one line that says what to do, exit code 2, and nothing is made.

The numbers are those of the project's list of bad inputs; `more` marks what the list does not name.
"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

CREATE = "study create --family triangle"
TWICE = '"ramp", '
NAME_RULE = "1 to 100 letters, digits"

# (number, command, words of the message). {tmp} is a folder with the files of FILES.
COMMANDS: list[tuple[str, str, tuple[str, ...]]] = [
    ("01", "study create --family triangel", ("triangel", "Did you mean 'triangle'?", "ramp")),
    ("01", "curve show triangel", ("Did you mean 'triangle'?",)),
    ("02", f"{CREATE} --family triangle", ("triangle", "once")),
    ("02", "study create --family ''", ("''", "triangle")),
    ("02", "study create", ("--family triangle",)),
    ("02", "study create --family levels", ("levels", "step")),
    ("03", f"{CREATE} --knob peak=0.5:0.7", ("0.5", "floor", "Ranges that fit")),
    ("03", "curve show triangle peak=0.5 floor=0.9", ("0.5", "0.9")),
    ("05", f"{CREATE} --knob peak=nan", ("peak", "nan", "finite")),
    ("06", f"{CREATE} --knob peak=inf", ("peak", "inf", "finite")),
    ("07", f"{CREATE} --knob peak=-1", ("peak", "-1", "0 … 10")),
    ("09", f"{CREATE} --knob peak=1e308", ("1e+308", "0 … 10")),
    ("10", f"{CREATE} --knob apex=-0.1", ("apex", "-0.1", "1 … 15")),
    ("10", f"{CREATE} --knob apex=16", ("apex", "16", "1 … 15")),
    ("11", "study create --family bump --knob width=0", ("width", "0")),
    ("13", "curve show triangle", ("peak", "floor")),
    ("14", f"{CREATE} --knob slope=1", ("slope", "apex, floor, peak")),
    ("14", f"{CREATE} --knob ramp.peak=1", ("ramp", "triangle")),
    ("15", f"{CREATE} --knob peak=high", ("peak", "'high'", "number")),
    ("15", f"{CREATE} --knob peak=0,8", ("0,8", "use a point: 0.8")),
    ("15", f"{CREATE} --knob peak", ("'peak'", "knob=value")),
    ("15", f"{CREATE} --knob peak=", ("'peak='", "knob=value")),
    ("15", f"{CREATE} --knob peak=1:2:3", ("1:2:3", "low:high")),
    ("15", f"{CREATE} --knob peak=1.2 --knob peak=1.3", ("peak", "twice")),
    ("15", f"{CREATE} --knob peak=1.2 --knob triangle.peak=1.3", ("peak", "twice")),
    ("16", "curve show 1,1,1 --depth 32", ("15", "3")),
    ("17", "curve show 1,nan,1", ("level 2", "nan")),
    ("17", "curve show 1,,1", ("level 2", "empty")),
    ("17", "curve show 1,1,", ("level 3", "comma")),
    ("19", f"{CREATE} --depth 21", ("21", "20 and 26")),
    ("20", f"{CREATE} --depth 2", ("2", "8 … 1202")),
    ("20", f"{CREATE} --depth 0", ("0", "8 … 1202")),
    ("20", f"{CREATE} --depth -20", ("-20", "8 … 1202")),
    ("20", f"{CREATE} --depth 20.5", ("--depth", "20.5")),
    ("20", f"{CREATE} --depth 1000000000", ("1000000000", "8 … 1202")),
    ("21", f"{CREATE} --knob peak=1.6:1.2", ("peak=1.6:1.2", "peak=1.2:1.6")),
    ("23", f"{CREATE} --knob peak=1:11", ("11", "0 … 10")),
    ("25", "curve show \"__import__('os').abort()\"", ("__import__",)),
    ("26", "curve show 9**9**9", ("9**9**9",)),
    ("26", f"curve show {'[' * 10_000}", ("bracket",)),
    ("26", f"curve show {'1,' * 100_000}", ("100001", "10000")),
    ("29", f"{CREATE} --trials 0", ("trials", "0", "1 to")),
    ("29", f"{CREATE} --trials -1", ("trials", "-1", "1 to")),
    ("29", f"{CREATE} --trials 1.5", ("--trials", "1.5", "integer")),
    ("29", f"{CREATE} --trials abc", ("--trials", "abc")),
    ("30", f"{CREATE} --epochs 0", ("epochs", "0", "1 to")),
    ("30", f"{CREATE} --epochs -3", ("epochs", "-3", "1 to")),
    ("31", f"{CREATE} --epochs 1000000000", ("1000000000", "10000")),
    ("32", f"{CREATE} --pruner hyperband --epochs 4 --first-rung 4", ("first_rung", "4", "hyperband")),
    ("33", f"{CREATE} --first-rung 0", ("first_rung", "0")),
    ("34", f"{CREATE} --storage-timeout -5", ("storage-timeout", "-5", "0 to 86400")),
    ("34", f"{CREATE} --storage-timeout soon", ("storage-timeout", "soon")),
    ("35", f"{CREATE.replace('create', 'run')} --workers 0", ("workers", "0", "1 to")),
    ("35", f"{CREATE.replace('create', 'run')} --workers -1", ("workers", "-1", "1 to")),
    ("35", f"{CREATE.replace('create', 'run')} --workers 10000", ("10000", "1 to", "cores")),
    ("35", f"{CREATE.replace('create', 'run')} --threads 0", ("threads", "0", "1 to")),
    ("35", "worker --threads 0", ("threads", "0", "1 to")),
    *(
        ("35", f"{command} --slots={slots}", ("slots is", shown, "give auto, or 1 to 1024"))
        for command in ("worker", f"{CREATE.replace('create', 'run')}")
        for slots, shown in (
            *(("0", "'0'"), ("-1", "'-1'"), ("1.5", "'1.5'"), ("many", "'many'"), ("1025", "'1025'")),
            *(
                ("9" * 5_000, "'999"),
                ("''", "''"),
                ("AUTO", "'AUTO'"),
                ("2,2", "'2,2'"),
                ("' 3'", "' 3'"),
                ("²", "'²'"),
            ),
        )
    ),
    ("35", "worker --slots", ("--slots", "argument")),
    ("36", f"{CREATE} --seed -1", ("seed", "-1", "0 to")),
    ("36", f"{CREATE} --seed {2**64}", ("seed", str(2**64), "0 to")),
    ("36", f"{CREATE} --seed abc", ("--seed", "abc")),
    ("37", f"{CREATE} --sampler tpee", ("tpee", "Did you mean 'tpe'?")),
    ("37", f"{CREATE} --sampler cmaes", ("CMA-ES", "unpickles", "tpe")),
    ("37", f"{CREATE} --pruner asah", ("asah", "Did you mean 'asha'?")),
    ("37", f"{CREATE} --sampler ''", ("sampler", "tpe")),
    ("41", f"{CREATE} --recipe-set batch_size=60000", ("60000", "45000")),
    ("41", f"{CREATE} --train-images 100", ("128", "100")),
    ("42", f"{CREATE} --recipe-set batch_size=0", ("batch_size", "0", "2")),
    ("42", f"{CREATE} --recipe-set batch_size=-1", ("batch_size", "-1", "2")),
    ("42", f"{CREATE} --recipe-set batch_size=1", ("batch_size", "1", "batch norm")),
    ("42", f"{CREATE} --recipe-set batch_size=1.5", ("batch_size", "1.5", "whole")),
    ("43", f"{CREATE} --recipe-set learning_rate=0", ("learning_rate", "0", "(0, 10]")),
    ("43", f"{CREATE} --recipe-set learning_rate=-1", ("learning_rate", "-1")),
    ("43", f"{CREATE} --recipe-set learning_rate=nan", ("learning_rate", "nan")),
    ("43", f"{CREATE} --recipe-set learning_rate=1e6", ("learning_rate", "1e+06")),
    ("43", f"{CREATE} --recipe-set learning_rate=fast", ("learning_rate", "fast")),
    ("43", f"{CREATE} --recipe-set momentum=0,9", ("momentum", "use a point: 0.9")),
    ("43", f"{CREATE} --recipe-set momentum=0.9 --recipe-set momentum=0.8", ("momentum", "twice")),
    ("43", f"{CREATE} --recipe-set speed=1", ("speed", "learning_rate")),
    ("43", f"{CREATE} --recipe-set drops=0.9,0.1", ("drops", "increasing")),
    ("43", f"{CREATE} --recipe-set iterations=-1", ("iterations", "-1")),
    ("43", f"{CREATE} --recipe shrt", ("shrt", "Did you mean 'short'?")),
    ("44", f"{CREATE} --dataset cifar11", ("cifar11", "Did you mean 'cifar10'?")),
    ("44", f"{CREATE} --dataset folder:", ("folder:PATH",)),
    ("44", f"{CREATE} --train-images 0", ("train_images", "0")),
    ("44", f"{CREATE} --train-images 99999", ("99999", "45000")),
    ("44", f"{CREATE} --validation-images 99999", ("99999", "5000")),
    ("44", f"{CREATE} --validation-images 3", ("validation_images", "one per class")),
    ("44", f"{CREATE} --image-size 64", ("image_size", "folder:")),
    ("44", f"{CREATE} --dataset folder:x --image-size 4", ("image_size", "8")),
    ("44", f"{CREATE} --replicates 0", ("replicates", "0", "1 to 100")),
    ("71", "study show quick", ("quick", "no study")),
    ("71", "study best quick", ("quick", "no study")),
    ("71", "study run quick", ("quick", "no study")),
    ("71", "study run triangle", ("--family triangle",)),
    ("71", "worker --study quick", ("quick", "no study")),
    ("72", f"{CREATE} --name ''", ("name is empty",)),
    ("72", f"{CREATE} --name '  '", (NAME_RULE,)),
    ("72", f"{CREATE} --name ../../etc/passwd", ("../../etc/passwd", NAME_RULE)),
    ("72", f"{CREATE} --name a/b", (NAME_RULE,)),
    ("72", f"{CREATE} --name 'a\nb'", (r"a\nb", NAME_RULE)),
    ("72", f"{CREATE} --name smile😀", ("smile😀", NAME_RULE)),
    ("72", f'{CREATE} --name "\'; drop table studies; --"', ("drop table", NAME_RULE)),
    ("72", f"{CREATE} --name a\0b", (r"a\x00b", NAME_RULE)),
    ("72", f"{CREATE} --name {'x' * 300}", ("300 characters", NAME_RULE)),
    ("72", f"{CREATE} --name -x", (NAME_RULE,)),
    ("71", "study pause quick", ("quick", "no study")),
    ("71", "study cancel quick --yes", ("quick", "no study")),
    ("71", "study delete quick --yes --force", ("quick", "no study")),
    ("71", "study events quick", ("quick", "no study")),
    ("71", "trial list quick", ("quick", "no study")),
    ("71", "trial show quick 0", ("quick", "no study")),
    ("71", "trial exclude quick 0 --reason why", ("quick", "no study")),
    ("71", "trial include quick 0", ("quick", "no study")),
    ("71", "worker drain quick", ("quick", "no storage")),
    ("78", "trial shwo quick 0", ("shwo", "Did you mean 'show'?")),
    ("78", "trial show quick", ("NUMBER", "trial show --help")),
    ("78", "trial show quick first", ("NUMBER", "'first'", "integer")),
    ("78", "trial show quick 1.5", ("NUMBER", "'1.5'", "integer")),
    ("78", "trial show quick -1", ("-1", "trial show --help")),
    ("78", "trial exclude quick 0", ("--reason", "trial exclude --help")),
    ("78", "worker lits", ("lits", "Did you mean 'list'?")),
    ("78", "worker --study quick list", ("--study", "'list'", "after it")),
    ("78", "worker drain", ("HOST|ID", "worker drain --help")),
    ("78", "worker list --lease 0", ("lease", "0", "from 1")),
    ("78", "studdy", ("studdy", "Did you mean 'study'?")),
    ("78", "study lst", ("lst", "Did you mean 'list'?")),
    ("78", f"{CREATE} --trails 5", ("--trails", "--trials")),
    ("78", "study show", ("STUDY", "study show --help")),
    ("78", "study show a b", ("b", "unexpected")),
    ("78", "study show a --toml --json", ("--toml", "--json")),
    ("78", "study best a --top 0", ("--top", "0")),
    ("78", "study export a --format xml", ("--format", "xml", "csv")),
    ("78", "completion tcsh", ("tcsh", "bash")),
    ("84", "curve plot triangle peak=1.2 floor=0.8", ("-o",)),
    ("84", "curve plot cifar10-resnet32 -o {tmp}/a.jpg", ("suffix", ".pdf")),
    ("84", "curve plot cifar10-resnet32 -o {tmp}", ("folder",)),
    ("84", "curve plot cifar10-resnet32 -o {tmp}/none/a.svg", ("none", "does not exist")),
    ("84", "curve plot cifar10-resnet32 -o {tmp}/there.svg", ("there.svg", "--force")),
    ("89", f"{CREATE} --home ''", ("--home", "empty")),
    ("89", "worker --data-dir ''", ("--data-dir", "empty")),
    ("55", f"{CREATE.replace('create', 'run')} --device tpu", ("tpu", "cpu", "cuda:N")),
    ("79", "study create {tmp}/none.toml", ("none.toml", "No such file")),
    ("79", "study create {tmp}", ("directory",)),
    ("79", "study create /dev/zero", ("/dev/zero", "bytes")),
    ("79", "study run {tmp}/none.toml", ("none.toml", "No such file")),
]
FILES = {"there.svg": b"precious"}

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


def refuses(cli: "Cli", arguments: list[str], words: tuple[str, ...], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = cli(*arguments)
    assert result.code == 2, result
    assert result.out == ""
    assert result.err.startswith("vsearch: ")
    assert result.err.count("\n") == 1, result.err
    assert len(result.err) < 600, result.err
    assert [word for word in words if word not in result.err] == [], result.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "words"),
    [pytest.param(command, words, id=f"{number}-{command[:60]}") for number, command, words in COMMANDS],
)
def test_a_wrong_command_is_refused_in_one_line(
    cli: "Cli", tmp_path: Path, command: str, words: tuple[str, ...]
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    refuses(cli, [part.replace("{tmp}", str(tmp_path)) for part in shlex.split(command)], words, tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES


@pytest.mark.parametrize(
    ("content", "words"),
    [pytest.param(content, words, id=f"{number}-{content[:40]!r}") for number, content, words in TOML],
)
def test_a_wrong_study_file_is_refused_in_one_line(
    cli: "Cli", tmp_path: Path, content: str | bytes, words: tuple[str, ...]
) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(f'family = "triangle"\n{content}'.encode() if isinstance(content, str) else content)
    refuses(cli, ["study", "create", str(file)], words, tmp_path)


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
