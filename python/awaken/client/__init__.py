"""Typed calls to an ingress, from outside of any handler.

```
client ─> building ─> Operation ─> sender ─> httpx ─> ingress
client <─ Operation <─ check <──── sender <─ httpx <─ ingress
```

`building` and `operation` are values and functions. Modules named `async_*` run on the event loop; those named
`sync_*` block, and `scripts/generate_client.py` writes them from the former. httpx is imported when a client is
opened.
"""

from awaken.client.async_awakeable import ClientAwakeable
from awaken.client.async_client import RestateClient
from awaken.client.async_scoped import RestateScopedClient
from awaken.client.awakeable_status import AwakeableStatus
from awaken.client.opening import create_client, create_sync_client
from awaken.client.retries import ConnectionRetries
from awaken.client.send_handle import RestateClientSendHandle
from awaken.client.sync_awakeable import SyncClientAwakeable
from awaken.client.sync_client import SyncRestateClient
from awaken.client.sync_scoped import SyncRestateScopedClient
from awaken.errors import HttpError, NotReadyError
from awaken.outcomes import AwakeableOutcome

__all__ = [
    "AwakeableOutcome",
    "AwakeableStatus",
    "Client",
    "ClientAwakeable",
    "ConnectionRetries",
    "HttpError",
    "NotReadyError",
    "RestateClient",
    "RestateClientSendHandle",
    "RestateScopedClient",
    "ScopedClient",
    "SyncClientAwakeable",
    "SyncRestateClient",
    "SyncRestateScopedClient",
    "create_client",
    "create_sync_client",
]

# The official SDK calls the classes behind its interfaces so.
Client = RestateClient
ScopedClient = RestateScopedClient
