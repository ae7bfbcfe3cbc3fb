"""The client's types under the name that the official SDK gives this module; `awaken.client` has them all."""

from awaken.client import (
    HttpError,
    RestateClient,
    RestateClientSendHandle,
    RestateScopedClient,
)

__all__ = ["HttpError", "RestateClient", "RestateClientSendHandle", "RestateScopedClient"]
