"""Typed clients of the control plane, one for the event loop and one that blocks.

```python
async with connect_control("127.0.0.1:9071") as control:
    await control.resolve(awakeable_id, json.dumps({"approved": True}).encode())
```

They open the channel with its credentials and send the token with every call. The generated stubs are available as
`awakeables` and `invocations`, for what has no method here. Errors are `grpc.RpcError` with the statuses that the
`.proto` files document.
"""

from awaken.control.async_client import ControlClient, connect_control
from awaken.control.sync_client import SyncControlClient, connect_control_sync

__all__ = ["ControlClient", "SyncControlClient", "connect_control", "connect_control_sync"]
