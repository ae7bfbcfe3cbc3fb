"""The SDK under test, chosen as in `tests.compat.sdk`, with its module for LangChain."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tests.compat.sdk import PACKAGE, exceptions, named, restate

if TYPE_CHECKING:
    from awaken.ext.langchain import RestateMiddleware, restate_context, restate_object_context
else:
    extension = importlib.import_module(f"{PACKAGE}.ext.langchain")
    RestateMiddleware = extension.RestateMiddleware
    restate_context = extension.restate_context
    restate_object_context = extension.restate_object_context

__all__ = ["RestateMiddleware", "exceptions", "named", "restate", "restate_context", "restate_object_context"]
