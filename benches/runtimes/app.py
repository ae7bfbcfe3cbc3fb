"""The application that all stacks invoke, written once in the API that both packages share.

`BENCH_SDK` names the package: `restate` (official) or `awaken`. The load generator knows what each handler has to
answer (`benches/peers/load/src/ingress/scenario.rs`); change both together.
"""

# The package is chosen when the process starts, so its decorators have no type here.
# mypy: disable-error-code="untyped-decorator"

import importlib
import os
from typing import Any

PACKAGE = os.environ.get("BENCH_SDK", "awaken")
sdk: Any = importlib.import_module(PACKAGE)
as_bytes = importlib.import_module(f"{PACKAGE}.serde").BytesSerde()
RAW = "application/octet-stream"

bench = sdk.Service("Bench")


@bench.handler()
async def greet(ctx: Any, name: str) -> str:
    return f"Hello {name}!"


@bench.handler()
async def wait(ctx: Any, name: str) -> str:
    _, resolution = ctx.awakeable(type_hint=str)
    return f"{name}: {await resolution}"


@bench.handler(accept=RAW, content_type=RAW, input_serde=as_bytes, output_serde=as_bytes)
async def echo(ctx: Any, value: bytes) -> bytes:
    """Return a large value as it came: what it costs is all transport, journal and storage."""
    return value


app = sdk.app([bench])
