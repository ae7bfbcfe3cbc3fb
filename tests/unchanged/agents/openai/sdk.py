"""The SDK under test, chosen as in `tests.compat.sdk`, with its module for the OpenAI Agents SDK."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tests.compat.sdk import PACKAGE, named, restate

if TYPE_CHECKING:
    from awaken.ext.openai import (
        DurableRunner,
        durable_function_tool,
        restate_context,
        restate_object_context,
    )
else:
    extension = importlib.import_module(f"{PACKAGE}.ext.openai")
    DurableRunner = extension.DurableRunner
    durable_function_tool = extension.durable_function_tool
    restate_context = extension.restate_context
    restate_object_context = extension.restate_object_context

__all__ = [
    "DurableRunner",
    "durable_function_tool",
    "named",
    "restate",
    "restate_context",
    "restate_object_context",
]
