"""The handlers that every peer serves, written once in the API that both Python packages share.

`BENCH_SDK` names the package: `restate` (official) or `awaken`. Nothing else differs between the peers.
`rust/src/main.rs`, `go/main.go` and `node/main.js` have the same handlers, on the official SDKs of their languages. The
load generator knows what each handler has to answer; change all of them together.
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
async def three(ctx: Any, number: int) -> int:
    """Run three actions one after the other; each result is the input of the next."""
    for name in ("one", "two", "three"):
        number = await ctx.run_typed(name, successor, number=number)
    return number


@bench.handler()
async def three_plain(ctx: Any, number: int) -> int:
    """The same with a plain function, which the official SDK runs on a thread."""
    for name in ("one", "two", "three"):
        number = await ctx.run_typed(name, plain_successor, number=number)
    return number


@bench.handler()
async def wait(ctx: Any) -> str:
    """Wait on an awakeable; answer with its id, so that the caller can check it, and with its value."""
    awakeable_id, resolution = ctx.awakeable(type_hint=str)
    return f"{awakeable_id} {await resolution}"


@bench.handler()
async def replay(ctx: Any, numbers: list[int]) -> int:
    """Sum `numbers[0]` runs and `numbers[1]`; the journal contains the runs already."""
    count, total = numbers
    for _ in range(count):
        total += await ctx.run_typed("entry", successor, number=0)
    return total


@bench.handler()
async def run_then_wait(ctx: Any, number: int) -> str:
    number = await ctx.run_typed("one", successor, number=number)
    _, resolution = ctx.awakeable(type_hint=str)
    return f"{number} {await resolution}"


@bench.handler(accept=RAW, content_type=RAW, input_serde=as_bytes, output_serde=as_bytes)
async def echo(ctx: Any, value: bytes) -> bytes:
    """Return a large value as it came."""
    return value


async def successor(number: int) -> int:
    return number + 1


def plain_successor(number: int) -> int:
    return number + 1


app = sdk.app([bench])
