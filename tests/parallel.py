"""Support for running the tests in several processes, with `pytest -n 2`; see pytest-xdist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Escape lone surrogates, which tests log on purpose and which cannot be sent to the reporting process."""
    return _encodable((yield))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names with an address of memory: processes have to collect the same tests."""
    for item in items:
        if re.search(r" at 0x|0x[0-9a-f]{9,}", item.nodeid):
            raise pytest.UsageError(f"{item.nodeid} has another name in each process; give it an id")


def _encodable(data: Any) -> Any:
    match data:
        case str():
            return data.encode(errors="backslashreplace").decode()
        case dict():
            return {_encodable(name): _encodable(value) for name, value in data.items()}
        case list() | tuple():
            return type(data)(map(_encodable, data))
    return data
