"""Help, completion and what the commands load."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from vsearch.cli.app import app
from vsearch.settings import OPTIONS

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

HEAVY = ("torch", "optuna", "sqlalchemy", "plotly", "matplotlib", "sklearn", "rich")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands(app))


def loaded_by(script: str, *names: str) -> set[str]:
    """Which of the modules a Python process has loaded after `script`."""
    ask = f"import sys\n{script}\nprint('LOADED', *[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=120, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_and_option_has_help(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{' '.join(path)} {parameter.opts}"
            assert parameter.help[0].isupper(), parameter.help


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_help_names_the_command_and_ends_well(cli: "Cli", path: tuple[str, ...]) -> None:
    result = cli(*path, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"Usage: vsearch {' '.join(path)}" in result.out
    assert not cli.home.exists()


def test_the_groups_tell_each_command_in_a_line(cli: "Cli") -> None:
    for group in ((), ("study",), ("trial",), ("curve",), ("storage",), ("worker",)):
        shown = cli(*group, "--help").out
        for path, command in ALL:
            if path[:-1] == group:
                assert f"  {path[-1]} " in shown, command


def test_a_command_line_without_a_command_shows_the_help_and_fails(cli: "Cli") -> None:
    for arguments in ((), ("study",), ("trial",), ("curve",), ("storage",)):
        result = cli(*arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("Usage: vsearch")


def test_no_help_loads_what_training_or_storing_needs() -> None:
    calls = [("--version",), ("--help",), *((*path, "--help") for path, _ in ALL)]
    script = f"from vsearch.cli import main\nfor call in {calls!r}: main(call)"
    assert loaded_by(script, *HEAVY) == set()


def test_the_commands_of_a_laptop_do_not_load_torch(trained: "Cli") -> None:
    spec = "'--family', 'ramp', '--name', 'laptop'"
    calls = f"""[
        ('study', 'create', {spec}), ('study', 'list'), ('study', 'show', 'quick'), ('study', 'best', 'quick'),
        ('study', 'export', 'quick'), ('study', 'stop', 'laptop'), ('study', 'resume', 'laptop'),
        ('study', 'pause', 'laptop'), ('study', 'cancel', 'laptop', '--yes'), ('study', 'events', 'laptop'),
        ('trial', 'list', 'quick'), ('trial', 'show', 'quick', '0'), ('worker', 'list'),
        ('study', 'run', 'quick'), ('study', 'watch', 'quick', '--once'), ('study', 'draw', 'quick'),
        ('report', 'quick', '--format', 'md'), ('study', 'delete', 'laptop', '--yes'), ('curve', 'families'),
        ('curve', 'show', 'cifar10-resnet32'), ('plan', '--effect', '0.3', '--sd', '0.25', 'quick'),
        ('curve', 'plot', 'cifar10-resnet32', '-o', '/dev/null.svg'),
    ]"""
    script = f"from vsearch.cli import main\ncodes = [main(call) for call in {calls}]\nassert codes == [0] * 21 + [2]"
    assert loaded_by(script, "torch") == set()


def test_a_worker_begins_without_what_its_first_epoch_does_not_need() -> None:
    """Seconds of waiting otherwise: pictures, data sets and compilers are loaded where they are used."""
    script = "import vsearch.worker.worker, vsearch.cli.worker, vsearch.reports.pictures, vsearch.data"
    needless = ("torchvision", "sklearn", "scipy", "pandas", "plotly", "matplotlib", "PIL", "jinja2", "fsspec")
    assert loaded_by(script, *needless, "sympy", "torch._dynamo", "torch._inductor", "optuna_dashboard") == set()


def test_the_help_of_slots_tells_what_happens_without_them(cli: "Cli") -> None:
    for command, default in ((("worker",), "auto"), (("study", "run"), "1; auto on a GPU")):
        shown = " ".join(cli(*command, "--help").out.split())
        assert f"[default: {default}]" in shown[shown.index("--slots N Trainings at the same time") :]


def test_every_setting_is_shown_with_its_variable(cli: "Cli") -> None:
    shown = cli("worker", "--help").out
    for option in OPTIONS:
        assert f"--{option.name}" in shown
        assert option.variable in shown
    assert cli("doctor").out.count("VSEARCH_") >= len(OPTIONS)


def test_doctor_tells_where_settings_come_from_and_changes_nothing(cli: "Cli", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VSEARCH_DATA_DIR", "/somewhere")
    result = cli("doctor", "--json", "--storage", "postgresql://ada:c4nary@127.0.0.1:1/x", "--device", "cuda:99")
    assert result.code == 0
    content = result.json
    assert content["schema"] == "vsearch.doctor/1"
    assert content["settings"]["data-dir"]["origin"] == "VSEARCH_DATA_DIR"
    assert content["settings"]["storage"]["origin"] == "--storage"
    assert content["settings"]["device"]["value"] == "cuda:99"
    assert not content["storage"]["works"]
    assert not content["checkpoints"]["works"]  # they would go to that database
    assert "cuda" in content["device"]["device"]
    assert "c4nary" not in result.out + result.err
    assert not cli.home.exists()


def test_doctor_tries_to_write_checkpoints_and_leaves_nothing(cli: "Cli", tmp_path: Path) -> None:
    places = {
        str(tmp_path / "shared"): (True, "can be written"),
        "/proc/vsearch": (False, "cannot write checkpoints to /proc/vsearch: "),
        "ftp://ada:c4nary@127.0.0.1:1/x": (False, "ftp://ada:***@127.0.0.1:1/x: no server answers there"),
        "foo://bucket": (False, "fsspec knows no protocol 'foo'"),
    }
    for place, (works, state) in places.items():
        result = cli("doctor", "--json", "--checkpoints", place)
        assert result.code == 0
        assert result.json["checkpoints"]["works"] == works
        assert state in result.json["checkpoints"]["state"]
        assert "c4nary" not in result.out + result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_each_shell(cli: "Cli", shell: str) -> None:
    result = cli("completion", shell)
    assert result.code == 0
    assert "_VSEARCH_COMPLETE" in result.out


@pytest.mark.parametrize(
    ("words", "completed"),
    [("vsearch stu", "study"), ("vsearch study de", "delete"), ("vsearch worker --thr", "--threads")],
)
def test_the_shell_completes_commands_and_options(cli: "Cli", words: str, completed: str) -> None:
    cword = str(len(words.split()) - 1)
    result = cli.process(environ={"_VSEARCH_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": cword})
    assert result.out.splitlines() == [f"plain,{completed}"]
