"""Loading the application that `MODULE:APP` names."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest
from awaken.cli.failures import CommandError
from awaken.cli.loading import load_application, load_module, load_object

from tests.signing import Signer
from tests.unit.endpoint.fakes import FakeExchange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE = """
from awaken import app as application
from awaken.service import Service

class App:
    def accept(self, exchange):
        return self

class Settings:
    app = App()

app = App()
greeter = Service("Greeter")
services = [greeter]
same_name = (greeter, greeter)
nothing = []
endpoint = application([greeter])
"""


OFFICIAL = """
import restate

orders = restate.Service("Orders")
app = restate.app([orders])
"""


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading puts the current folder first, where tests have files that hide other modules."""
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Put a module into the working directory, which is not on the path."""
    name = "application_under_test"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize("path", ["app", "Settings.app"])
def test_what_accepts_exchanges_is_taken_as_it_is(module: str, path: str) -> None:
    assert load_application(f"{module}:{path}").accept == load_object(f"{module}:{path}").accept


@pytest.mark.parametrize("name", ["greeter", "services"])
def test_services_get_an_endpoint(module: str, name: str) -> None:
    assert callable(load_application(f"{module}:{name}").accept)


@pytest.mark.parametrize("name", ["app", "orders", "restate"])
def test_application_of_the_official_sdk_is_told_what_to_import(
    module: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / f"{module}.py").write_text(OFFICIAL)

    with pytest.raises(CommandError, match=r"of restate-sdk\. Write `import awaken as restate`"):
        load_application(f"{module}:{name}")


def test_empty_list_is_refused(module: str) -> None:
    with pytest.raises(CommandError, match="cannot be served: the list of services is empty"):
        load_application(f"{module}:nothing")


def test_services_that_cannot_be_served_together_are_refused(module: str) -> None:
    with pytest.raises(CommandError, match="cannot be served: two services"):
        load_application(f"{module}:same_name")


@pytest.mark.parametrize("name", ["greeter", "services", "endpoint"])
def test_identity_keys_guard_whatever_is_served(module: str, name: str) -> None:
    signer, other = Signer(), Signer()
    accept = load_application(f"{module}:{name}", [other.public_key, signer.public_key]).accept

    statuses = []
    for headers in ({}, signer.headers("/discover"), other.headers("/discover")):
        exchange = FakeExchange("/discover", headers, method="GET")
        accept(exchange).receive_end()
        statuses.append(exchange.status)

    assert statuses == [401, 200, 200]


@pytest.mark.parametrize(
    ("name", "expected"), [("endpoint", "identity key nonsense"), ("app", "cannot check identities")]
)
def test_identity_keys_that_cannot_be_used_are_refused(module: str, name: str, expected: str) -> None:
    with pytest.raises(CommandError, match=expected):
        load_application(f"{module}:{name}", ["nonsense"])


def test_missing_name_lists_what_there_is(module: str) -> None:
    with pytest.raises(CommandError) as failure:
        load_object(f"{module}:Settings.nope")

    assert str(failure.value) == (
        f"{module} has no 'Settings.nope'. Write {module}:app, {module}:greeter or {module}:endpoint"
    )


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("needs_missing", "import no_such_dependency", "No module named 'no_such_dependency'"),
        ("unfinished", "def greet(:", "SyntaxError: invalid syntax"),
        ("refusing", "raise ValueError('no settings')", "ValueError: no settings"),
    ],
)
def test_module_that_cannot_be_imported_shows_the_authors_lines_only(
    module: str, tmp_path: Path, name: str, code: str, expected: str
) -> None:
    (tmp_path / f"{name}.py").write_text(code)

    with pytest.raises(CommandError, match=f"^{name} cannot be imported") as failure:
        load_object(f"{name}:app")

    text = str(failure.value)
    assert expected in text
    assert f'{name}.py", line 1' in text
    assert "importlib" not in text
    assert "loading.py" not in text


@pytest.mark.parametrize(
    ("target", "example"), [("billing", "billing:app"), ("shop/billing.py", "shop.billing:app")]
)
def test_target_without_a_name_is_told_what_to_write(target: str, example: str) -> None:
    with pytest.raises(CommandError, match=f"such as {example}"):
        load_object(target)


def test_package_that_takes_long_to_import_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "packages" / "slow_package.py").write_text("import time\ntime.sleep(0.2)\n")
    (tmp_path / "own" / "with_package.py").write_text("import slow_package\n")
    (tmp_path / "own" / "with_server.py").write_text("import time\ntime.sleep(0.2)\n")
    monkeypatch.chdir(tmp_path / "own")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages"), *sys.path])
    monkeypatch.setattr("awaken.cli.loading._PATIENCE_S", 0.05)

    load_module("with_package")
    assert capsys.readouterr().err == ""

    load_module("with_server")
    assert "with_server is still being imported at" in capsys.readouterr().err
    for name in ("slow_package", "with_package", "with_server"):
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("email", "Python's own email"),
        ("httpx", "the installed module httpx"),
        ("awaken", "the installed module awaken"),
    ],
)
def test_a_file_named_like_another_module_is_told_to_be_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, whose: str
) -> None:
    importlib.import_module(name)
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CommandError) as failure:
        load_application(f"{name}:app")

    assert str(failure.value).startswith(f"{whose} (")
    assert str(failure.value).endswith(f"hides your {name}.py; rename your file")


def test_a_service_without_handlers_is_warned_of(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    load_application(f"{module}:endpoint")

    assert "awaken: warning: Greeter has no handlers, so nobody can call it" in capsys.readouterr().err
