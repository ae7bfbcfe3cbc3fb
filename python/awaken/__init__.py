"""Durable handlers, which wait for the outside world through crashes and deploys, at no cost.

The public names are those of the official Restate SDK for Python, so its documentation applies.
"""

import importlib
from typing import TYPE_CHECKING, Any

from awaken import context as context
from awaken import endpoint as endpoint
from awaken import handler as handler
from awaken import serde as serde
from awaken import service as service
from awaken.context.awakeable import Awakeable
from awaken.context.callback import Callback, CallbackLink
from awaken.context.combining import as_completed, gather, select, wait_completed
from awaken.context.context import (
    Context,
    ObjectContext,
    ObjectSharedContext,
    WorkflowContext,
    WorkflowSharedContext,
)
from awaken.context.futures import (
    RestateDurableCallFuture,
    RestateDurableFuture,
    RestateDurableSleepFuture,
    SendHandle,
)
from awaken.context.promise import DurablePromise
from awaken.context.replay_logging import RestateLoggingFilter, getLogger
from awaken.context.request import Request
from awaken.context.runs import RunOptions
from awaken.context.scope import ScopedContext
from awaken.endpoint.endpoint import Endpoint, app
from awaken.errors import (
    HttpError,
    NotReadyError,
    RetryableError,
    SdkInternalBaseException,
    TerminalError,
    is_internal_exception,
)
from awaken.handler.retry_policy import InvocationRetryPolicy
from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider
from awaken.service.service import Service
from awaken.service.virtual_object import VirtualObject
from awaken.service.workflow import Workflow
from awaken.transports.hosted.hypercorn import provide_submodules as _provide_submodules

if TYPE_CHECKING:
    from awaken import asyncio as asyncio
    from awaken import client as client
    from awaken import client_types as client_types
    from awaken import entry_codec as entry_codec
    from awaken import exceptions as exceptions
    from awaken import extensions as extensions
    from awaken import harness as harness
    from awaken import logging as logging
    from awaken import object as object  # noqa: A004  # the field's name
    from awaken import retry_policy as retry_policy
    from awaken import server_context as server_context
    from awaken import server_types as server_types
    from awaken import testing as testing
    from awaken import types as types
    from awaken import vm as vm
    from awaken import workflow as workflow
    from awaken.approvals import Approval, ApprovalMessage, Verdict
    from awaken.client import (
        ConnectionRetries,
        RestateClient,
        RestateClientSendHandle,
        SyncRestateClient,
        create_client,
        create_sync_client,
    )
    from awaken.links import CallbackSettings, LinkSigner, configure_callbacks, register_callback_type
    from awaken.testing.harness import HarnessEnvironment, create_test_harness, test_harness

__all__ = [
    "Approval",
    "ApprovalMessage",
    "Awakeable",
    "Callback",
    "CallbackLink",
    "CallbackSettings",
    "ConnectionRetries",
    "Context",
    "DurablePromise",
    "Endpoint",
    "HarnessEnvironment",
    "HttpError",
    "InvocationRetryPolicy",
    "JournalValueCodec",
    "JournalValueCodecProvider",
    "LinkSigner",
    "NotReadyError",
    "ObjectContext",
    "ObjectSharedContext",
    "Request",
    "RestateClient",
    "RestateClientSendHandle",
    "RestateDurableCallFuture",
    "RestateDurableFuture",
    "RestateDurableSleepFuture",
    "RestateLoggingFilter",
    "RetryableError",
    "RunOptions",
    "ScopedContext",
    "SdkInternalBaseException",
    "SendHandle",
    "Service",
    "SyncRestateClient",
    "TerminalError",
    "Verdict",
    "VirtualObject",
    "Workflow",
    "WorkflowContext",
    "WorkflowSharedContext",
    "app",
    "as_completed",
    "configure_callbacks",
    "create_client",
    "create_sync_client",
    "create_test_harness",
    "gather",
    "getLogger",
    "is_internal_exception",
    "logging",
    "register_callback_type",
    "select",
    "test_harness",
    "wait_completed",
]

#: Where names come from that few processes need, so that importing the package stays quick.
_LAZY = {
    "Approval": "awaken.approvals",
    "ApprovalMessage": "awaken.approvals",
    "CallbackSettings": "awaken.links",
    "HarnessEnvironment": "awaken.testing.harness",
    "ConnectionRetries": "awaken.client",
    "LinkSigner": "awaken.links",
    "RestateClient": "awaken.client",
    "RestateClientSendHandle": "awaken.client",
    "SyncRestateClient": "awaken.client",
    "configure_callbacks": "awaken.links",
    "create_client": "awaken.client",
    "create_sync_client": "awaken.client",
    "create_test_harness": "awaken.testing.harness",
    "register_callback_type": "awaken.links",
    "Verdict": "awaken.approvals",
    "test_harness": "awaken.testing.harness",
}
_LAZY_MODULES = (
    "asyncio",
    "client",
    "client_types",
    "entry_codec",
    "exceptions",
    "extensions",
    "harness",
    "logging",
    "object",
    "retry_policy",
    "server_context",
    "server_types",
    "testing",
    "types",
    "vm",
    "workflow",
)

_provide_submodules()


if not TYPE_CHECKING:  # else checkers would take every name for one that exists

    def __getattr__(name: str) -> Any:
        if name in _LAZY_MODULES:
            return importlib.import_module(f"awaken.{name}")
        if name in _LAZY:
            value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
            return value
        raise AttributeError(f"module 'awaken' has no attribute {name!r}")
