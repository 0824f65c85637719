"""What docker-compose.yml, the Dockerfile and the scripts of deploy/ ask of vsearch exists."""

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from vsearch.cli.app import app
from vsearch.settings import OPTIONS, PASSWORD_FILE

ROOT = Path(__file__).parents[1]
VARIABLES = {option.variable for option in OPTIONS} | {PASSWORD_FILE}
SERVICES = ("migrate", "workers", "workers-cpu")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


def parse(arguments: list[str]) -> None:
    """Let the real command line read the arguments, without running the command."""
    command: click.Command | None = app
    while isinstance(command, click.Group):
        name, arguments = arguments[0], arguments[1:]
        command = command.get_command(click.Context(command), name)
    assert command is not None
    command.make_context("vsearch", arguments)


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_runs_a_command_that_the_cli_parses(compose: dict[str, Any], service: str) -> None:
    parse(list(compose["services"][service]["command"]))


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_sets_variables_that_settings_know(compose: dict[str, Any], service: str) -> None:
    names = {name for name in compose["services"][service]["environment"] if name.startswith("VSEARCH_")}
    assert names
    assert names <= VARIABLES


def test_workers_wait_for_the_tables_and_those_for_the_server(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("workers", "workers-cpu"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert "healthcheck" in services["postgres"]
    assert "profiles" not in services["workers"]


def test_no_password_is_written_down_and_no_port_is_open_to_others(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / ".env.example").read_text()
    assert not re.search(r"PASSWORD: |://[^@\s]*:[^@\s]*@", text)
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_workers_get_more_time_to_end_than_their_checkpoint_takes(compose: dict[str, Any]) -> None:
    for name in ("workers", "workers-cpu"):
        assert compose["services"][name]["stop_grace_period"] == "2m"


def test_every_variable_of_the_example_is_used(compose: dict[str, Any]) -> None:
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert example == used


def test_the_image_starts_a_worker_as_an_ordinary_user() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    command = re.search(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    assert command is not None
    parse(re.findall(r'"([^"]*)"', command[1]))
    assert re.search(r"^USER vsearch$", text, re.MULTILINE)
    copied = re.findall(r"^COPY ((?:[\w.]+ )+)\S+$", text, re.MULTILINE)
    assert {name for names in copied for name in names.split()} <= {path.name for path in ROOT.iterdir()}
