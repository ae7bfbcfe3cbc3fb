"""The client's types, under the official SDK's name for this module; `awaken.client` has all of them."""

from awaken.client import (
    HttpError,
    RestateClient,
    RestateClientSendHandle,
    RestateScopedClient,
)

__all__ = ["HttpError", "RestateClient", "RestateClientSendHandle", "RestateScopedClient"]
