"""The files of `deploy`: valid for what reads them, and every command in them is one that `awaken` takes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import typer.main
import yaml
from awaken.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[2] / "deploy"
BIN = Path(sys.executable).parent
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
#: Users of containers are known by number there.
USER = 10001


def parse(arguments: list[str]) -> None:
    """Read arguments as `awaken` does, without running anything."""
    command: Any = typer.main.get_command(app)
    name, rest = "awaken", list(arguments)
    while hasattr(command, "commands"):
        name = rest.pop(0)
        command = command.commands[name]
    command.make_context(name, rest)


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def pods(path: Path) -> Iterator[dict[str, Any]]:
    for document in documents(path):
        if "template" in document.get("spec", {}):
            yield document["spec"]["template"]["spec"]


@pytest.mark.parametrize("line", ["nothing", "serve", "serve app:app --nonsense", "runtime --ingress"])
def test_commands_that_there_are_not_are_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"nothing|Missing|No such option|requires an argument"):
        parse(line.split())


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_have_the_shapes_of_kubernetes(path: Path) -> None:
    version = kubernetes_validate.latest_version()

    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_pods_run_commands_that_there_are_and_as_nobody_special(path: Path) -> None:
    for pod in pods(path):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == USER
        for container in pod["containers"]:
            parse(container["args"])
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert "memory" in container["resources"]["limits"]


def test_probes_and_services_name_ports_that_the_command_listens_on() -> None:
    for path in MANIFESTS:
        for pod in pods(path):
            for container in pod["containers"]:
                text = " ".join(container["args"])
                ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
                assert all(f":{number}" in text for number in ports.values())
                probes = [container[name] for name in container if name.endswith("Probe")]
                assert all(probe["httpGet"]["port"] in ports for probe in probes)


def test_an_endpoint_may_drain_for_as_long_as_it_wants_to() -> None:
    (pod,) = pods(DEPLOY / "kubernetes" / "endpoint.yaml")
    arguments = pod["containers"][0]["args"]

    (grace,) = [float(each.removeprefix("--grace=")) for each in arguments if each.startswith("--grace=")]
    pause = float(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert pod["terminationGracePeriodSeconds"] > pause + grace


def test_a_second_version_is_made_as_the_page_says() -> None:
    page = (DEPLOY.parent / "docs" / "production" / "kubernetes.md").read_text()
    (script,) = re.findall(r"^version='(.*)'$", page, flags=re.MULTILINE)
    for name in ("endpoint.yaml", "register.yaml"):
        path = DEPLOY / "kubernetes" / name
        made = subprocess.run(["sed", script, path], capture_output=True, text=True, check=True).stdout

        for first, second in zip(documents(path), yaml.safe_load_all(made), strict=True):
            assert (second["apiVersion"], second["kind"]) == (first["apiVersion"], first["kind"])
            assert second["metadata"]["name"] == first["metadata"]["name"].replace("v1", "v2")
            assert "v1" not in str({key: value for key, value in second.items() if key != "apiVersion"})


def test_versions_of_an_endpoint_differ_in_the_names_of_everything() -> None:
    """Otherwise a new version replaces the old one, whose invocations then meet code that they did not begin with."""
    for document in documents(DEPLOY / "kubernetes" / "endpoint.yaml"):
        assert document["metadata"]["name"].endswith("-v1")
        selector = document["spec"].get("selector") or document["spec"]["podSelector"]
        assert selector.get("matchLabels", selector)["version"] == "v1"


def test_the_dockerfile_is_in_order() -> None:
    linted = subprocess.run(
        [BIN / "hadolint", "--no-color", DEPLOY / "docker" / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (linted.stdout, linted.returncode) == ("", 0)


def test_the_dockerfile_runs_a_command_that_there_is_as_nobody_special() -> None:
    lines = (DEPLOY / "docker" / "Dockerfile").read_text().splitlines()
    (command,) = [line.removeprefix("CMD ") for line in lines if line.startswith("CMD ")]

    parse(yaml.safe_load(command))
    assert f"USER {USER}" in lines
    assert 'ENTRYPOINT ["awaken"]' in lines


def test_compose_runs_commands_that_there_are() -> None:
    (document,) = documents(DEPLOY / "docker" / "compose.yaml")

    for service in document["services"].values():
        parse(shlex.split(service["command"]))
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_run_commands_that_there_are(path: Path) -> None:
    (line,) = [line for line in path.read_text().splitlines() if line.startswith("ExecStart=")]
    program, *arguments = shlex.split(line.removeprefix("ExecStart="))

    if program == "/bin/sh":  # for the date in the name of a backup
        program, *arguments = shlex.split(arguments[-1].removeprefix("exec "))
    assert program.endswith("/awaken")
    parse(arguments)


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_understood_by_systemd(path: Path, tmp_path: Path) -> None:
    """It looks whether the program is there, so the unit names this environment's."""
    text = path.read_text().replace("%i", "v2")
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    program = shlex.split(line.removeprefix("ExecStart="))[0]
    unit = tmp_path / path.name.replace("@", "")
    unit.write_text(text.replace(program, str(BIN / "awaken")).replace("awaken-runtime.service", ""))
    analyze = shutil.which("systemd-analyze")
    assert analyze, "install systemd, which has systemd-analyze"

    verified = subprocess.run(
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )

    assert (verified.stderr, verified.returncode) == ("", 0)
