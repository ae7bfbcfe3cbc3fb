"""The inbox is not served to a network whose people it does not know, unless somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.cli import app
from awaken.cli.failures import UsageError
from awaken.cli.inbox_options import read_inbox_access
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

WIDE = ("0.0.0.0", 9072)
USER = "X-Forwarded-Email"


def test_an_inbox_on_loopback_needs_no_names() -> None:
    for address in (("127.0.0.1", 1), ("localhost", 1), ("::1", 1), None):
        read_inbox_access(None, None, is_anonymous=False).check_names("--inbox", address)


def test_an_inbox_of_a_network_needs_names_or_a_word() -> None:
    read_inbox_access(USER, None, is_anonymous=False).check_names("--inbox", WIDE)
    read_inbox_access(None, None, is_anonymous=True).check_names("--inbox", WIDE)
    read_inbox_access("", "", is_anonymous=True).check_names("--inbox", WIDE)
    with pytest.raises(UsageError) as refusal:
        read_inbox_access(None, None, is_anonymous=False).check_names("--inbox", WIDE)

    text = str(refusal.value)
    assert text.startswith("the inbox on --inbox 0.0.0.0:9072 could be reached by others")
    for advice in ("--inbox-user-header", "AWAKEN_INBOX_USER_HEADER", "127.0.0.1", "--inbox-anonymous"):
        assert advice in text
    assert "leave out --inbox" in text


def test_a_contradiction_and_malformed_names_are_refused() -> None:
    with pytest.raises(UsageError, match="give one"):
        read_inbox_access(USER, None, is_anonymous=True)
    with pytest.raises(UsageError, match="'x y' is not the name of a header"):
        read_inbox_access("x y", None, is_anonymous=False)
    with pytest.raises(UsageError, match="whom no header names"):
        read_inbox_access(None, "X-Forwarded-Groups", is_anonymous=False)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("runtime", "--admin", "0.0.0.0:0"), "--admin 0.0.0.0:0"),
        (("dev", "tests.doors.application:app", "--admin", "[::]:0"), "--admin [::]:0"),
        (("gateway", "--grpc", "127.0.0.1:0", "--inbox", "0.0.0.0:0"), "--inbox 0.0.0.0:0"),
    ],
)
@pytest.mark.parametrize("guard", [("--insecure",), ("--token", "all:0b6f3c52d8e94a10")])
def test_commands_refuse_with_the_exit_status_of_a_wrong_option(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    named: str,
    guard: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)

    ended = CliRunner().invoke(app, [*arguments, *guard])

    assert ended.exit_code == 2
    assert f"the inbox on {named} could be reached by others" in ended.stderr
    assert ("RESTATE_ADMIN__DISABLE_WEB_UI=true" in ended.stderr) is (arguments[0] != "gateway")
    assert not list(tmp_path.iterdir())
