"""Every statement is answered by the embedded runtime as by the server: status, names, values, and order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.unchanged.sql.comparing import comparable

if TYPE_CHECKING:
    from tests.unchanged.sql.conftest import Shops
    from tests.unchanged.sql.filling import Filled

FOLDER = Path(__file__).parent / "statements"
#: Statements with an order that rows share a place in end like this.
TIES = "ORDER BY target_handler_name"


def statements(name: str) -> list[str]:
    text = re.sub(r"^--.*\n", "", (FOLDER / name).read_text(), flags=re.MULTILINE)
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def with_ids(statement: str, filled: Filled) -> str:
    """Replace the placeholders by ids of a runtime."""
    return re.sub(r"\{([\w/]+)\}", lambda place: filled.ids[place[1]], statement)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_statements_are_answered_alike(shops: Shops, name: str) -> None:
    differences = []
    for statement in statements(name):
        expected, found = (shop.ask(with_ids(statement, shop)) for shop in shops)
        if expected.status_code != found.status_code:
            differences.append(
                f"{statement}\n{expected.status_code} {expected.text}\n{found.status_code} {found.text}"
            )
        elif expected.status_code == httpx.codes.OK:
            is_ordered = bool(re.search(r"\border by [^)]*$", statement, re.IGNORECASE))
            is_ordered = is_ordered and not statement.endswith(TIES)
            rows = [comparable(each.json()["rows"], is_ordered=is_ordered) for each in (expected, found)]
            if rows[0] != rows[1]:
                differences.append(f"{statement}\n{expected.json()['rows']}\n{found.json()['rows']}")
        else:
            assert found.json()["message"].startswith("Datafusion error: ")

    assert not differences, f"{len(differences)} differ:\n" + "\n\n".join(differences)
