"""Name, logo and colour of an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.pages import branding_from_environment
from awaken.pages.branding import LARGEST_LOGO

if TYPE_CHECKING:
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_settings_name_the_operator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(PNG)
    monkeypatch.setenv("AWAKEN_PAGES_NAME", " ACME Approvals ")
    monkeypatch.setenv("AWAKEN_PAGES_LOGO", str(tmp_path / "logo.png"))
    monkeypatch.setenv("AWAKEN_PAGES_COLOR", "#E60000")

    branding = branding_from_environment()

    assert branding.name == "ACME Approvals"
    assert branding.logo.startswith("data:image/png;base64,iVBORw0KGgo")
    assert str(branding.color) == "#e60000"


def test_nothing_is_set_by_default() -> None:
    branding = branding_from_environment()

    assert (branding.name, branding.logo, branding.color) == ("awaken", "", None)


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("AWAKEN_PAGES_NAME", "x" * 61, "at most 60"),
        ("AWAKEN_PAGES_NAME", "a\x1bb", "printable"),
        ("AWAKEN_PAGES_COLOR", "teal", "is not a colour"),
        ("AWAKEN_PAGES_LOGO", "logo.html", "is not a picture"),
        ("AWAKEN_PAGES_LOGO", "missing.png", "No such file"),
        ("AWAKEN_PAGES_LOGO", "large.png", "is larger than"),
        ("AWAKEN_PAGES_LOGO", "page.svg", "is not the picture that its name says"),
    ],
)
def test_mistakes_name_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.png").write_bytes(PNG + bytes(LARGEST_LOGO))
    (tmp_path / "page.svg").write_text("alert(1)")
    monkeypatch.setenv(variable, value)

    with pytest.raises(ValueError, match=problem) as error:
        branding_from_environment()

    assert str(error.value).startswith(variable)
