"""The official SDK's name for `awaken.context.extensions`.

There, the module also implements contexts and futures. The names of these classes are here for annotations and
`isinstance`.
"""

from awaken.context.context import Context as ServerInvocationContext
from awaken.context.extensions import (
    clear_extension_data,
    current_context,
    get_extension_data,
    restate_context_is_replaying,
    set_extension_data,
)
from awaken.context.futures import RestateDurableCallFuture as ServerCallDurableFuture
from awaken.context.futures import RestateDurableFuture as ServerDurableFuture
from awaken.context.futures import RestateDurableSleepFuture as ServerDurableSleepFuture
from awaken.context.futures import SendHandle as ServerSendHandle
from awaken.context.promise import DurablePromise as ServerDurablePromise
from awaken.context.scope import ScopedContext as ServerScopedContext
from awaken.errors import DisconnectedException

__all__ = [
    "DisconnectedException",
    "ServerCallDurableFuture",
    "ServerDurableFuture",
    "ServerDurablePromise",
    "ServerDurableSleepFuture",
    "ServerInvocationContext",
    "ServerScopedContext",
    "ServerSendHandle",
    "clear_extension_data",
    "current_context",
    "get_extension_data",
    "restate_context_is_replaying",
    "set_extension_data",
]
