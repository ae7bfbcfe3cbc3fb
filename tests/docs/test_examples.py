"""What readers of the site download works where they unpack it, with the package and pytest alone."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import requires
from typing import TYPE_CHECKING

import pytest

from scripts.docs import examples
from tests.docs.page import DOCS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted(path for path in (DOCS / "cookbook").glob("*.md") if path.name != "index.md")
FOLDERS = (
    "agents",
    "agent_approval",
    "data_pipeline",
    "device_provisioning",
    "kyc_check",
    "orders",
    "payment",
)


def unpack(name: str, target: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(examples.files()[f"examples/{name}.zip"])) as archive:
        archive.extractall(target)
    return target / name


@pytest.mark.parametrize("name", FOLDERS)
def test_archive_has_the_files_of_its_folder(name: str, tmp_path: Path) -> None:
    folder = unpack(name, tmp_path)

    for path in (ROOT / "examples" / name).glob("*.py"):
        assert (folder / path.name).read_bytes() == path.read_bytes()
        assert examples.files()[f"examples/{name}/{path.name}"] == path.read_bytes()


@pytest.mark.parametrize("name", FOLDERS)
def test_archive_imports_what_is_in_it_or_installed_with_the_package(name: str, tmp_path: Path) -> None:
    folder = unpack(name, tmp_path)
    installed = {re.split(r"[^\w-]", one)[0] for one in requires("awaken") or () if "extra ==" not in one}
    # The extras of agents.
    of_extras = (
        {"agents", "google", "langchain", "langchain_core", "pydantic_ai"} if "agent" in name else set()
    )
    known = {*sys.stdlib_module_names, *installed, *of_extras, "awaken", "pytest"}
    known |= {path.stem for path in folder.iterdir()}

    for path in folder.glob("*.py"):
        assert {module.partition(".")[0] for module in _imports(path)} <= known, path.name


def _imports(path: Path) -> set[str]:
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    return {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names} | {
        node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)
    }


def test_archive_of_the_client_has_the_definitions_it_loads(tmp_path: Path) -> None:
    folder = unpack("grpc_client", tmp_path)

    loaded = re.search(r'loadSync\("(.+?)"', (folder / "resolve.mjs").read_text())

    assert loaded
    assert (folder / "proto" / loaded[1]).read_bytes() == (ROOT / "proto" / loaded[1]).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", [name for name in FOLDERS if name != "agents"])
def test_tests_of_an_archive_pass_where_it_is_unpacked(name: str, tmp_path: Path) -> None:
    folder = unpack(name, tmp_path)

    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", f"--basetemp={tmp_path / 'temporary'}"]
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_gives_an_archive_and_starts_its_application(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    begins, _, rest = text.partition("```text")
    name = re.findall(r"\[(\w+)\.zip\]\(\.\./\.\./examples/\1\)", begins)
    assert name, "the page begins with its ZIP"
    assert f"python3 -m zipfile -e {name[0]}.zip .\ncd {name[0]}\n" in begins
    folder = unpack(name[0], tmp_path)
    started = re.search(r"awaken dev (\w+:app)", rest)
    assert started

    ports = ["--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grpc", "off"]
    command = [sys.executable, "-m", "awaken.cli", "dev", started[1], "--quiet", *ports]
    with subprocess.Popen(
        command, cwd=folder, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        told = []
        for line in process.stdout:
            told.append(line)
            if "ingress on" in line:
                process.terminate()

    assert process.returncode == 0, "".join(told)
    assert "ingress on" in "".join(told)


def _environment() -> dict[str, str]:
    """Return an environment in which nothing of the repository is found by accident."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))
    }
