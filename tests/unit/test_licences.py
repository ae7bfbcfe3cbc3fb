"""Which licences packages that awaken needs may have."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.check_licences import is_allowed


def package(name: str = "some", **given: str) -> dict[str, Any]:
    unknown = dict.fromkeys(("License-Expression", "License-Classifier", "License-Metadata"), "UNKNOWN")
    return {
        "Name": name,
        "Version": "1.0",
        **unknown,
        **{f"License-{kind}": text for kind, text in given.items()},
    }


@pytest.mark.parametrize(
    "allowed",
    [
        package(Expression="MIT"),
        package(Expression="Apache-2.0 AND BSD-2-Clause"),
        package(Expression="GPL-3.0-only OR MIT"),
        package(Classifier="BSD License"),
        package(Expression="MIT", Classifier="GNU General Public License v3 (GPLv3)"),
        package("certifi", Classifier="Mozilla Public License 2.0 (MPL 2.0)"),
    ],
)
def test_licences_that_only_ask_for_a_notice_are_allowed(allowed: dict[str, Any]) -> None:
    assert is_allowed(allowed)


@pytest.mark.parametrize(
    "refused",
    [
        package(),
        package(Expression="GPL-3.0-only"),
        package(Expression="MIT AND GPL-3.0-only"),
        package(Classifier="GNU Lesser General Public License v2 (LGPLv2)"),
        package("other", Classifier="Mozilla Public License 2.0 (MPL 2.0)"),
        package("certifi", Expression="GPL-3.0-only"),
    ],
)
def test_other_and_unknown_licences_are_refused(refused: dict[str, Any]) -> None:
    assert not is_allowed(refused)
