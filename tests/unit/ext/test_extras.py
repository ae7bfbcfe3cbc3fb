from __future__ import annotations

import sys

import pytest
from awaken.ext.extras import extra


def test_missing_framework_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "colorsys", None)  # as if it were not installed

    with (
        pytest.raises(
            ImportError, match=r"`colorsys` is not installed: pip install 'awaken\[colours\]'"
        ) as raised,
        extra("colours", "colorsys"),
    ):
        import colorsys  # noqa: F401

    assert raised.value.name == "colorsys"


def test_framework_without_a_name_shows_the_error_and_names_the_extra() -> None:
    with (
        pytest.raises(
            ImportError, match=r"too old or too new \(.*nonsense.*\): pip install 'awaken\[colours\]'"
        ),
        extra("colours", "colorsys"),
    ):
        from colorsys import nonsense  # type: ignore[attr-defined]  # noqa: F401


def test_framework_without_a_submodule_is_too_old_or_too_new() -> None:
    with pytest.raises(ImportError, match=r"`email` is too old or too new"), extra("letters", "email"):
        import email.nonsense  # type: ignore[import-not-found]  # noqa: F401


def test_what_the_framework_itself_misses_passes() -> None:
    with (
        pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found") as raised,
        extra("colours", "colorsys"),
    ):
        import nowhere_to_be_found  # type: ignore[import-not-found]  # noqa: F401

    assert "awaken[" not in str(raised.value)


def test_found_framework_is_just_imported() -> None:
    with extra("colours", "colorsys"):
        import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_framework_in_a_package_that_others_share_is_named_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "concurrent.futures", None)

    with (
        pytest.raises(
            ImportError, match=r"`concurrent.futures` is not installed: pip install 'awaken\[both\]'"
        ),
        extra("both", "concurrent.futures"),
    ):
        import concurrent.futures  # noqa: F401


def test_package_that_others_share_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "concurrent.futures", raising=False)
    monkeypatch.setitem(sys.modules, "concurrent", None)

    with (
        pytest.raises(
            ImportError, match=r"`concurrent.futures` is not installed: pip install 'awaken\[both\]'"
        ),
        extra("both", "concurrent.futures"),
    ):
        import concurrent.futures  # noqa: F401


def test_other_parts_of_a_package_that_others_share_pass() -> None:
    with pytest.raises(ModuleNotFoundError, match="nonsense"), extra("both", "concurrent.futures"):
        import concurrent.nonsense  # type: ignore[import-not-found]  # noqa: F401
