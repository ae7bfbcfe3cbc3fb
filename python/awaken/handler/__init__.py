"""Handlers: function, signature, options, and the serialization of their values."""

from awaken.handler.handler import (
    Handler,
    HandlerIO,
    HandlerKind,
    ServiceKind,
    ServiceTag,
)
from awaken.handler.lookup import handler_from_callable, keyed_handler, service_handler

__all__ = [
    "Handler",
    "HandlerIO",
    "HandlerKind",
    "ServiceKind",
    "ServiceTag",
    "handler_from_callable",
    "keyed_handler",
    "service_handler",
]
