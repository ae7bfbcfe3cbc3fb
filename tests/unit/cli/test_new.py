"""`awaken new` refuses names that would not work, and writes nothing over what is there."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from awaken import _core
from awaken.cli import app
from awaken.scaffold.naming import module_name
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATES = ("minimal", "approvals", "fastapi")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new(*arguments: str) -> tuple[int, str]:
    """Return the exit status of the command, and what it printed."""
    result = CliRunner().invoke(app, ["new", *arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("project", "module"),
    [
        ("orders", "orders"),
        ("My-Orders", "my_orders"),
        ("a.b--c_d", "a_b_c_d"),
        ("x2", "x2"),
        ("con-orders", "con_orders"),
        ("com10", "com10"),
        ("match", "match"),
    ],
)
def test_module_is_named_after_the_project(project: str, module: str) -> None:
    assert module_name(project) == module


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        ("", "'' cannot be the name of a project; use letters and digits of ASCII"),
        ("my orders", "'my orders' cannot be the name of a project"),
        ("-orders", "cannot be the name"),  # after `--`, as of an option
        ("orders-", "cannot be the name"),
        ("bücher", "cannot be the name"),
        ("orders\n", "cannot be the name"),
        ("apps/orders", "'apps/orders' is a path; give a name, and the folder with --directory"),
        ("2orders", "'2orders' cannot name a module, which begins with a letter; try 'app-2orders'"),
        ("Class", "'Class' cannot name a module: 'class' is a word of Python; try 'my-Class'"),
        ("async", "is a word of Python"),
        ("setup", "'setup' would hide 'setup', the file that builds a package; try 'my-setup'"),
        ("Con", "'Con' cannot name a folder on Windows, where 'con' is a device; try 'my-Con'"),
        ("aux", "is a device"),
        ("nul.orders", "'nul' is a device"),
        ("prn", "is a device"),
        ("com1", "is a device"),
        ("LPT9", "is a device"),
        ("json", "'json' would hide 'json', a module of Python; try 'my-json'"),
        ("test", "'test' would hide 'test', a module of Python"),
        ("tests", "the folder of the project's tests"),
        ("conftest", "the module that pytest reads fixtures from"),
        ("awaken", "'awaken' would hide 'awaken', which is installed in "),
        ("HTTPX", "'HTTPX' would hide 'httpx', which is installed in "),
        ("fastapi", "a package that projects install"),
        ("a" * 41, "has 41 characters; a name has at most 40"),
    ],
)
def test_names_that_would_not_work_are_refused(project: str, reason: str, tmp_path: Path) -> None:
    status, output = new("--", project)

    assert status == 2
    assert output.startswith("error: ")
    assert reason in output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_beside_the_project_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()

    assert new("orders")[0] == 0


@pytest.mark.parametrize("template", TEMPLATES)
def test_project_has_its_files(template: str, tmp_path: Path) -> None:
    status, output = new("my-orders", "--template", template)

    folder = tmp_path / "my-orders"
    declared = tomllib.loads((folder / "pyproject.toml").read_text())
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert status == 0, output
    assert written == [".gitignore", "README.md", "my_orders.py", "pyproject.toml", "tests/test_my_orders.py"]
    assert declared["project"]["name"] == "my-orders"
    assert f"awaken>={_core.__version__}" in declared["project"]["dependencies"]
    assert ".awaken/" in (folder / ".gitignore").read_text().splitlines()
    assert "awaken dev my_orders:app" in (folder / "README.md").read_text()
    for path in written:
        assert not re.search(r"\{\{|\{%", (folder / path).read_text())


def test_command_tells_what_to_do_next(tmp_path: Path) -> None:
    _, output = new("orders", "--directory", "my apps/orders")

    assert output.splitlines() == [
        "made my apps/orders with README.md, pyproject.toml, orders.py, tests/test_orders.py, .gitignore",
        "next:",
        "  cd 'my apps/orders'",
        "  pip install -e '.[test]'",
        "  pytest",
        "  awaken dev orders:app",
    ]
    assert (tmp_path / "my apps" / "orders" / "orders.py").exists()


def test_programs_get_json() -> None:
    _, output = new("My-Orders", "--template", "approvals", "--json-output")

    assert json.loads(output) == {
        "name": "My-Orders",
        "module": "my_orders",
        "template": "approvals",
        "directory": "My-Orders",
        "files": ["README.md", "pyproject.toml", "my_orders.py", "tests/test_my_orders.py", ".gitignore"],
        "next": [
            "cd My-Orders",
            "pip install -e '.[test]'",
            "pytest",
            "awaken dev my_orders:app",
        ],
    }


def test_a_repository_without_files_is_empty(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert new("orders", "--directory", ".")[0] == 0
    assert (tmp_path / "orders.py").exists()


def test_what_is_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    for name in ("README.md", "a", "b", "c", "d"):
        (folder / name).write_text("mine")

    status, output = new("orders")

    assert status == 1
    assert output == (
        "error: orders is not empty: it has README.md, a, b and 2 more; name another folder with --directory\n"
    )
    assert {path.read_text() for path in folder.iterdir()} == {"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "orders").write_text("mine")

    assert new("orders") == (1, "error: orders is a file; name another folder with --directory\n")
    status, output = new("shop", "--directory", "orders/shop")
    assert status == 1
    assert output.startswith("error: cannot write orders/shop")


def test_help_lists_the_templates() -> None:
    _, output = new("--help")

    for template in TEMPLATES:
        assert f"{template}:" in " ".join(output.split())


def test_an_unknown_template_is_refused() -> None:
    status, output = new("orders", "--template", "django")

    assert status == 2
    assert "'minimal', 'approvals', 'fastapi'" in output
