"""docker-compose.yml, .env.example and the Dockerfile are valid, and what they ask of vsearch exists."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

COMPOSE = "docker-compose.yml"
OURS = ("migrate", "workers", "workers-cpu", "dashboard")
Parse = Callable[[list[str]], None]


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / COMPOSE).read_text())
    return content


def test_the_file_keeps_to_the_compose_specification(root: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    done = subprocess.run(check, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_misspelt_key_breaks_the_compose_specification(root: Path, tmp_path: Path) -> None:
    wrong = tmp_path / COMPOSE
    wrong.write_text((root / COMPOSE).read_text().replace("stop_grace_period", "stop_grace_time", 1))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "stop_grace_time" in done.stdout) == (1, True)


@pytest.mark.parametrize("service", OURS)
def test_each_service_runs_a_command_that_the_cli_parses(compose: dict[str, Any], parse: Parse, service: str) -> None:
    parse(list(compose["services"][service]["command"]))


@pytest.mark.parametrize("service", OURS)
def test_each_service_sets_variables_that_settings_know(
    compose: dict[str, Any], variables: set[str], service: str
) -> None:
    names = {name for name in compose["services"][service]["environment"] if name.startswith("VSEARCH_")}
    assert names
    assert names <= variables


def test_all_but_the_server_wait_for_the_tables_and_those_for_the_server(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "proxy", *OURS}
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in set(OURS) - {"migrate"}:
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert "healthcheck" in services["postgres"]
    assert {name for name in services if "profiles" in services[name]} == {"workers-cpu", "proxy"}


def test_every_secret_and_volume_that_is_used_is_defined(compose: dict[str, Any], root: Path) -> None:
    used = set()
    for service in compose["services"].values():
        used |= {secret["source"] if isinstance(secret, dict) else secret for secret in service.get("secrets", [])}
        for volume in service.get("volumes", []):
            place = volume.partition(":")[0]
            assert (root / place).is_file() if place.startswith("./") else place in compose["volumes"]
    assert used == set(compose["secrets"])


def test_no_password_is_written_down_and_no_port_is_open_to_others(compose: dict[str, Any], root: Path) -> None:
    text = (root / COMPOSE).read_text() + (root / ".env.example").read_text()
    assert not re.search(r"PASSWORD: |://[^@\s]*:[^@\s}]*@", text)
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(re.match(r"127\.0\.0\.1:|\$\{(POSTGRES|PROXY)_ADDRESS:-127\.0\.0\.1\}:", port) for port in ports)
    assert {"POSTGRES_ADDRESS=127.0.0.1", "PROXY_ADDRESS=127.0.0.1"} <= set(text.splitlines())


def test_the_password_file_is_one_that_git_and_the_image_leave_out(root: Path) -> None:
    folders = re.findall(r"^[A-Z_]+_SOURCE=(.*)/", (root / ".env.example").read_text(), re.MULTILINE)
    assert folders == ["secrets"] * 4
    assert "secrets/" in (root / ".gitignore").read_text().split()
    assert ".env" in (root / ".gitignore").read_text().split()
    assert (root / ".dockerignore").read_text().startswith("*\n")


def test_workers_get_more_time_to_end_than_their_checkpoint_takes(compose: dict[str, Any]) -> None:
    for name in ("workers", "workers-cpu"):
        assert compose["services"][name]["stop_grace_period"] == "2m"


def test_nothing_keeps_workers_from_finding_their_slots(compose: dict[str, Any]) -> None:
    """One container for all cores: two that find as many slots as if they were alone would train at half the speed."""
    for name in ("workers", "workers-cpu"):
        service = compose["services"][name]
        assert not {"--slots", "--threads"} & set(service["command"])
        assert "replicas" not in service.get("deploy", {})
        assert not [variable for variable in service["environment"] if "THREADS" in variable]


def test_the_workers_reserve_every_gpu(compose: dict[str, Any]) -> None:
    devices = compose["services"]["workers"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]


def test_no_container_of_ours_gains_rights(compose: dict[str, Any]) -> None:
    for name in (*OURS, "proxy"):
        service = compose["services"][name]
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
        assert not {"privileged", "user", "network_mode", "pid"} & set(service)


def test_every_variable_of_the_example_is_used_with_the_same_default(root: Path) -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (root / ".env.example").read_text(), re.MULTILINE))
    used = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", (root / COMPOSE).read_text()))
    assert example == used


def test_the_dashboards_health_is_asked_by_a_program_that_fails_without_it(compose: dict[str, Any]) -> None:
    test = compose["services"]["dashboard"]["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python", "-c"]
    port = compose["services"]["dashboard"]["command"][-1]
    assert compose["services"]["dashboard"]["ports"][0].endswith(f":{port}")
    assert f'"127.0.0.1", {port}' in test[3]
    nobody_there = test[3].replace(f", {port},", ", 1,")
    done = subprocess.run([sys.executable, "-c", nobody_there], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1


def test_the_dashboard_has_a_password_since_it_listens_for_others(compose: dict[str, Any]) -> None:
    service = compose["services"]["dashboard"]
    assert service["command"][1:3] == ["--host", "0.0.0.0"]
    file = service["environment"]["VSEARCH_DASHBOARD_PASSWORD_FILE"]
    assert file.removeprefix("/run/secrets/") in service["secrets"]


def test_the_proxy_gets_the_files_that_its_configuration_names(compose: dict[str, Any], root: Path) -> None:
    proxy, text = compose["services"]["proxy"], (root / "dashboards" / "nginx.conf").read_text()
    places = re.findall(r"^ +(?:include|auth_basic_user_file) (\S+);", text, re.MULTILINE)
    assert {f"/etc/nginx/{place}" for place in places} == {secret["target"] for secret in proxy["secrets"]}
    (port,) = proxy["ports"]
    assert re.search(r"^    listen (\d+);", text, re.MULTILINE)[1] == port.rpartition(":")[2]  # type: ignore[index]
    upstream = re.search(r"server (\w+):(\d+);", text)
    assert upstream is not None
    assert compose["services"][upstream[1]]["command"][-1] == upstream[2]


def test_the_image_starts_a_worker_as_an_ordinary_user(root: Path, parse: Parse) -> None:
    text = (root / "deploy" / "Dockerfile").read_text()
    command = re.search(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    assert command is not None
    parse(re.findall(r'"([^"]*)"', command[1]))
    assert re.search(r"^USER vsearch$", text, re.MULTILINE)
    copied = re.findall(r"^COPY ((?:[\w.]+ )+)\S+$", text, re.MULTILINE)
    assert {name for names in copied for name in names.split()} <= {path.name for path in root.iterdir()}


def test_every_image_is_pinned_to_a_patch_release(root: Path, compose: dict[str, Any]) -> None:
    bases = re.findall(r"^FROM (\S+)", (root / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    assert len(bases) == 2
    for image in (*bases, *(compose["services"][name]["image"] for name in ("postgres", "proxy"))):
        assert re.search(r":\d+(\.\d+)+-", image), image
