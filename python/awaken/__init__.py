"""Durable handlers: wait for the outside world through crashes and deploys, at no cost.

The names are those of the official Restate SDK for Python, so its documentation applies.
"""

from awaken.asyncio import as_completed, gather, select, wait_completed
from awaken.context import (
    Context,
    ObjectContext,
    ObjectSharedContext,
    WorkflowContext,
    WorkflowSharedContext,
)
from awaken.endpoint.endpoint import Endpoint, app
from awaken.errors import (
    RetryableError,
    SdkInternalBaseException,
    TerminalError,
    is_internal_exception,
)
from awaken.futures import (
    Awakeable,
    DurablePromise,
    RestateDurableCallFuture,
    RestateDurableFuture,
    RestateDurableSleepFuture,
    SendHandle,
)
from awaken.object import VirtualObject
from awaken.request import Request
from awaken.retry_policy import InvocationRetryPolicy
from awaken.runs import RunOptions
from awaken.service import Service
from awaken.workflow import Workflow

__all__ = [
    "Awakeable",
    "Context",
    "DurablePromise",
    "Endpoint",
    "InvocationRetryPolicy",
    "ObjectContext",
    "ObjectSharedContext",
    "Request",
    "RestateDurableCallFuture",
    "RestateDurableFuture",
    "RestateDurableSleepFuture",
    "RetryableError",
    "RunOptions",
    "SdkInternalBaseException",
    "SendHandle",
    "Service",
    "TerminalError",
    "VirtualObject",
    "Workflow",
    "WorkflowContext",
    "WorkflowSharedContext",
    "app",
    "as_completed",
    "gather",
    "is_internal_exception",
    "select",
    "wait_completed",
]
