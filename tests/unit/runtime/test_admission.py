"""Requests for what does not exist are told what does."""

from __future__ import annotations

import pytest
from awaken.control.errors import NotFoundError
from awaken.runtime.admission import find_handler
from awaken.runtime.schema import HandlerSchema, ServiceSchema


def service_of(*names: str, hidden: tuple[str, ...] = ()) -> ServiceSchema:
    handlers = {name: HandlerSchema("Shop", name, is_public=name not in hidden) for name in (*names, *hidden)}
    return ServiceSchema("Shop", "service", 1, "dp_1", handlers)


def test_first_handlers_are_named_and_the_others_counted() -> None:
    with pytest.raises(NotFoundError, match=r"service version\. It has: a, b, c, d, e and 2 more\.$"):
        find_handler(service_of(*"gfedcba"), "buy")


def test_handlers_that_are_not_public_are_not_named() -> None:
    with pytest.raises(NotFoundError, match=r"It has: none\.$"):
        find_handler(service_of(hidden=("refund",)), "buy")
