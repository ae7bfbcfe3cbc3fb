"""The reference is current, and leaves nothing out."""

from __future__ import annotations

import importlib
import re

import awaken
import pytest
from awaken.diagnostics.error_codes import ATTEMPT_CODES, INGRESS_STATUSES, PROTOCOL_CODES
from awaken.runtime.admin.app import describe_api
from awaken.runtime.server_settings import TAKEN

from scripts.docs.places import DOCS, ROOT
from scripts.docs.reference import settings
from scripts.docs.reference.command_line import commands
from scripts.docs.reference.topics import OTHER_PLACES, TOPICS
from scripts.docs.reference.writing import pages, write

PACKAGE = ROOT / "python" / "awaken"
REFERENCE = DOCS / "reference"


@pytest.mark.slow
def test_reference_is_current() -> None:
    assert write(is_check=True) == 0, "run `make reference`"


def test_stale_and_forgotten_pages_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "scripts.docs.reference.writing.pages", lambda: {"errors.md": "# Error codes\n\none\n"}
    )

    assert write(is_check=True) == 1

    told = capsys.readouterr().err
    assert "+one" in told
    assert "docs/reference/grpc.md has no source any more" in told


def documented() -> dict[str, str]:
    """Return the path of each documented name of the package, and its page."""
    found = {}
    for page in sorted((REFERENCE / "python").glob("*.md")):
        for path in re.findall(
            r"^(?:class |(?:async )?def )?(awaken\.[\w.]+)", page.read_text(), re.MULTILINE
        ):
            found[path] = page.name
    return found


def test_every_name_of_the_package_is_documented() -> None:
    places = documented()
    modules = {"awaken", "awaken.ext", "awaken.testing", "awaken.client"}
    other = (REFERENCE / "python" / "other-places.md").read_text()

    missing = [
        name for name in awaken.__all__ if f"awaken.{name}" not in places and f"awaken.{name}" not in modules
    ]

    assert missing == ["logging"]  # a module, which has a page
    for topic in TOPICS:
        for text in topic.names:
            module, _, only = text.partition(":")
            if module.startswith("ext."):  # loads a framework
                continue
            for name in [only] if only else importlib.import_module(_module(module)).__all__:
                assert any(path.endswith(f".{name}") for path in places), f"{module}.{name}"
    for module in OTHER_PLACES:
        assert f"awaken.{module}." in other


def _module(name: str) -> str:
    return "awaken" if name == "awaken" else f"awaken.{name}"


def test_documented_names_can_be_imported() -> None:
    for path in documented():
        module, _, name = path.rpartition(".")
        if not module.startswith("awaken.ext"):
            assert hasattr(importlib.import_module(module), name), path


def test_every_variable_that_the_package_reads_is_documented() -> None:
    code = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    read = set(re.findall(r'"(AWAKEN_[A-Z0-9_]+)"', code))
    page = (REFERENCE / "settings.md").read_text()

    assert {name for name in read if f"| `{name}` |" not in page} == set()
    assert set(settings.OTHERS) <= read
    assert all(f"| `{setting.name}` |" in page for setting in TAKEN)


def test_every_command_and_option_is_documented() -> None:
    page = (REFERENCE / "command-line.md").read_text()

    for name, command in commands():
        part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert part, name
        for option in command.params:
            assert all(f"`{spelling}`" in part for spelling in option.opts if spelling.startswith("--")), (
                option.name
            )


def test_names_of_arguments_do_not_lead_elsewhere() -> None:
    for page in (REFERENCE / "python").glob("*.md"):
        for part in page.read_text().split("**Arguments**\n\n")[1:]:
            assert not re.search(r"^- \[", part.partition("\n\n")[0], re.MULTILINE), page.name


def test_usage_of_commands_repeats_no_dots() -> None:
    assert "[OPTIONS] ID...\n" in (REFERENCE / "command-line.md").read_text()
    assert "...." not in (REFERENCE / "command-line.md").read_text()


def test_every_operation_of_the_admin_api_is_documented() -> None:
    page = (REFERENCE / "http.md").read_text()

    for path, operations in describe_api()["paths"].items():
        for method in operations:
            assert f"| `{method.upper()} {path}` |" in page


def test_every_method_and_message_of_the_control_plane_is_documented() -> None:
    page = (REFERENCE / "grpc.md").read_text()

    for path in (ROOT / "proto/awaken/control/v1").glob("*.proto"):
        text = path.read_text()
        for method in re.findall(r"^ *rpc (\w+)", text, re.MULTILINE):
            assert f"| `{method}` |" in page
        for message in re.findall(r"^ *(?:message|enum) (\w+)", text, re.MULTILINE):
            assert re.search(rf"^### (?:\w+\.)?{message}$", page, re.MULTILINE), message
        for field in re.findall(r"^ *(?:optional |repeated )?[\w.<>, ]+ (\w+) = \d+;", text, re.MULTILINE):
            assert f"| `{field}` |" in page, field


def test_codes_of_failures_are_those_that_the_package_uses() -> None:
    code = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "error_codes.py")
    ingress = "\n".join(path.read_text() for path in (PACKAGE / "runtime" / "ingress").glob("*.py"))
    rust = (ROOT / "rust/core/src/error.rs").read_text()

    listed = {one.code for one in ATTEMPT_CODES}
    assert listed == set(re.findall(r'"(RT\d{4})"', code))
    answered = set(re.findall(r"IngressError\(\s*(\d{3})", ingress))
    assert answered <= {one.code for one in INGRESS_STATUSES}
    assert set(re.findall(r"u16 = (5[1-9]\d);", rust)) <= {one.code for one in PROTOCOL_CODES}


def test_codes_say_what_to_do() -> None:
    for one in (*ATTEMPT_CODES, *PROTOCOL_CODES, *INGRESS_STATUSES):
        assert one.meaning
        assert one.advice


@pytest.mark.slow
def test_pages_name_where_they_come_from() -> None:
    assert all(text.startswith("<!-- Written by ") for text in pages().values())
