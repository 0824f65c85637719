"""deploy/kubernetes.yaml is valid, and keeps to what a worker needs when it is preempted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml


@pytest.fixture
def job(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / "deploy" / "kubernetes.yaml").read_text())
    return content


@pytest.mark.parametrize("version", ["1.33", "1.36"])
def test_the_job_keeps_to_the_schema_of_kubernetes(job: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(job, version, strict=True)


def test_a_misspelt_key_breaks_the_schema_of_kubernetes(job: dict[str, Any]) -> None:
    job["spec"]["template"]["spec"]["terminationGracePeriod"] = 120
    with pytest.raises(kubernetes_validate.ValidationError, match="terminationGracePeriod"):
        kubernetes_validate.validate(job, "1.36", strict=True)


def test_the_worker_is_one_that_the_cli_and_the_settings_know(
    job: dict[str, Any], parse: Callable[[list[str]], None], variables: set[str]
) -> None:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    parse(list(container["args"]))
    assert {entry["name"] for entry in container["env"]} <= variables
    assert not {"--slots", "--threads"} & set(container["args"])  # found by the worker


def test_to_be_preempted_counts_for_nothing_and_a_wrong_setting_ends_the_job(job: dict[str, Any]) -> None:
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    assert (spec["completionMode"], pod["restartPolicy"]) == ("Indexed", "Never")
    assert spec["completions"] == spec["parallelism"]
    assert pod["terminationGracePeriodSeconds"] >= 120
    rules = spec["podFailurePolicy"]["rules"]
    assert rules[0] == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    assert {code: rule["action"] for rule in rules[1:] for code in rule["onExitCodes"]["values"]} == {
        138: "Ignore",
        143: "Ignore",
        2: "FailJob",
    }


def test_the_password_is_a_file_and_the_pod_has_no_rights(job: dict[str, Any]) -> None:
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(mounts) == set(volumes)
    assert env["VSEARCH_STORAGE_PASSWORD_FILE"] == f"{mounts['password']}/password"
    assert "secret" in volumes["password"]
    assert env["VSEARCH_HOME"] == mounts["data"]
    assert env["VSEARCH_STORAGE"].count(":") == 1
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
