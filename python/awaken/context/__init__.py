"""The objects a handler works with: its context and durable futures."""

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
from awaken.context.request import AttemptFinishedEvent, Request
from awaken.context.runs import RunFuture, RunOptions
from awaken.context.scope import ScopedContext
from awaken.context.side_effects import RunAction
from awaken.context.state import KeyValueStore
from awaken.handler.handler import HandlerType
from awaken.serde.base import Serde
from awaken.serde.default import DefaultSerde

__all__ = [
    "AttemptFinishedEvent",
    "Context",
    "DefaultSerde",
    "DurablePromise",
    "HandlerType",
    "KeyValueStore",
    "ObjectContext",
    "ObjectSharedContext",
    "Request",
    "RestateDurableCallFuture",
    "RestateDurableFuture",
    "RestateDurableSleepFuture",
    "RunAction",
    "RunFuture",
    "RunOptions",
    "ScopedContext",
    "SendHandle",
    "Serde",
    "WorkflowContext",
    "WorkflowSharedContext",
]
