"""Random programs of concurrent durable operations, and the handler that executes them.

Every result a program sees is written to state at once. So the order in which its tasks see results is in the commands
it issues, and a replay in another order is a journal mismatch.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = timedelta(seconds=1)

#: Durable operations.
LEAVES = ("sleep", "run", "failing run", "awakeable", "call", "get")
#: Ways to wait for several things.
MANY = (
    "sequence",
    "gather",
    "gather errors",
    "group",
    "wait all",
    "wait first",
    "wait error",
    "as completed",
)
#: Ways to wait for one thing.
ONE = ("shield", "wait for", "wait for long", "deadline", "try", "task", "cancelled", "background", "late")
#: Waiting for durable futures with our own functions.
OURS = ("our gather", "our select", "our wait", "our as completed", "awakeable in time", "shared")


@dataclass(frozen=True)
class Node:
    """One step of a program."""

    kind: str
    parts: tuple[Node, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(str, self.parts))})" if self.parts else self.kind


def programs() -> st.SearchStrategy[Node]:
    leaves = st.sampled_from(LEAVES).map(Node)
    ours = st.builds(Node, st.sampled_from(OURS), st.lists(leaves, min_size=1, max_size=4).map(tuple))

    def extend(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(inner, min_size=1, max_size=4).map(tuple)
        alone = st.lists(inner, min_size=1, max_size=1).map(tuple)
        return st.builds(Node, st.sampled_from(MANY), several) | st.builds(Node, st.sampled_from(ONE), alone)

    return st.recursive(leaves | ours, extend, max_leaves=8)


@dataclass
class Execution:
    """One execution of a program in one attempt."""

    ctx: awaken.ObjectContext
    created_awakeable: Callable[[int], None]
    seen: list[str] = field(default_factory=list)
    background: list[asyncio.Task[None]] = field(default_factory=list)
    _awakeables: int = 0

    async def run(self, node: Node, path: str = "") -> None:
        """Execute a step."""
        try:
            if node.kind in LEAVES:
                self.see(path, await self.start(node))
            elif node.kind in OURS:
                await self._ours(node, path)
            elif node.kind in MANY:
                await self._many(node, path)
            else:
                await self._one(node.kind, node.parts[0], f"{path}.")
        except asyncio.CancelledError:
            self.see(path, "cancelled")
            raise

    def see(self, path: str, what: object) -> None:
        """Record what this place of the program received."""
        self.seen.append(f"{path} {what}")
        self.ctx.set("seen", self.seen[-1])

    def start(self, node: Node) -> Any:
        """Issue a durable operation."""
        ctx = self.ctx
        match node.kind:
            case "sleep":
                return ctx.sleep(SECOND)
            case "run":
                return ctx.run_typed("run", _succeed)
            case "failing run":
                return ctx.run_typed("failing run", _fail)
            case "call":
                return ctx.generic_call("Other", "handler", b"")
            case "get":
                return ctx.get("key", type_hint=int)
            case _:
                return self._awakeable().future

    def _awakeable(self) -> awaken.Awakeable[int]:
        self.created_awakeable(self._awakeables)
        self._awakeables += 1
        return self.ctx.awakeable(type_hint=int)

    async def _many(self, node: Node, path: str) -> None:
        steps = [self.run(part, f"{path}{number}") for number, part in enumerate(node.parts)]
        match node.kind:
            case "sequence":
                for number, step in enumerate(steps):
                    try:
                        await step
                    except BaseException:
                        for rest in steps[number + 1 :]:
                            rest.close()
                        raise
            case "gather":
                await asyncio.gather(*steps)
            case "gather errors":
                self.see(path, await asyncio.gather(*steps, return_exceptions=True))
            case "group":
                async with asyncio.TaskGroup() as group:
                    for step in steps:
                        group.create_task(step)
            case "as completed":
                for first in asyncio.as_completed(steps):
                    await first
                    self.see(path, "next")
            case _:
                await self._wait(node.kind, steps, path)

    async def _wait(self, kind: str, steps: list[Any], path: str) -> None:
        when = {
            "all": asyncio.ALL_COMPLETED,
            "first": asyncio.FIRST_COMPLETED,
            "error": asyncio.FIRST_EXCEPTION,
        }
        tasks = [asyncio.create_task(step, name=f"{path}{number}") for number, step in enumerate(steps)]
        try:
            done, pending = await asyncio.wait(tasks, return_when=when[kind.removeprefix("wait ")])
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        for task in done:
            self.see(task.get_name(), "done")
        for task in pending:
            task.cancel()
        for outcome in await asyncio.gather(*pending, *done, return_exceptions=True):
            self.see(path, type(outcome).__name__)

    async def _one(self, kind: str, inner: Node, path: str) -> None:
        match kind:
            case "shield":
                task = asyncio.ensure_future(self._caught(inner, path))
                self.background.append(task)
                await asyncio.shield(task)
            case "wait for":
                await asyncio.wait_for(self.run(inner, path), None)
            case "wait for long":
                await asyncio.wait_for(self.run(inner, path), 3600)
            case "deadline":
                try:
                    async with self.ctx.timeout(SECOND):
                        await self.run(inner, path)
                except TimeoutError as error:
                    self.see(path, error)
            case "late":
                for _ in range(20):
                    await asyncio.sleep(0)
                await self.run(inner, path)
            case "try":
                await self._caught(inner, path)
            case "task":
                await asyncio.create_task(self.run(inner, path))
            case "cancelled":
                task = asyncio.create_task(self._caught(inner, path))
                try:
                    await self.ctx.sleep(SECOND)
                    self.see(path, "slept")
                finally:
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            case _:
                self.background.append(asyncio.create_task(self._caught(inner, path)))

    async def _caught(self, inner: Node, path: str) -> None:
        try:
            await self.run(inner, path)
        except Exception as error:
            self.see(path, f"caught {_flat(error)}")

    async def _ours(self, node: Node, path: str) -> None:
        futures = {f"f{number}": self.start(part) for number, part in enumerate(node.parts)}
        match node.kind:
            case "our gather":
                for future in await awaken.gather(*futures.values()):
                    self.see(path, await future)
            case "our select":
                self.see(path, await awaken.select(**futures))
            case "our wait":
                done, pending = await awaken.wait_completed(*futures.values())
                self.see(path, (len(done), len(pending)))
            case "our as completed":
                async for future in awaken.as_completed(*futures.values()):
                    self.see(path, await future)
            case "awakeable in time":
                awakeable = self._awakeable()
                try:
                    self.see(path, await awakeable.result(timeout=1.5))
                except TimeoutError as error:
                    self.see(path, f"{error}".split(" ", 4)[:3])
                    self.see(path, await awakeable)
            case _:  # several tasks wait for the same future, and one of them stops
                future = futures["f0"]
                tasks = [asyncio.create_task(_wait_for(future)) for _ in range(3)]
                await self.ctx.sleep(SECOND)
                tasks[0].cancel()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
                self.see(path, [type(outcome).__name__ for outcome in outcomes])


async def _wait_for(future: Any) -> Any:
    return await future


async def _succeed() -> int:
    return 1


async def _fail() -> int:
    raise awaken.TerminalError("failed", 419)


def _flat(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return f"[{', '.join(map(_flat, error.exceptions))}]"
    return f"{error}"


def service_for(program: Node, created_awakeable: Callable[[int], None]) -> awaken.VirtualObject:
    """Return a service whose handler executes the program."""
    service = awaken.VirtualObject("Programs")

    @service.handler()
    async def execute(ctx: awaken.ObjectContext) -> list[str]:
        execution = Execution(ctx, created_awakeable)
        try:
            await execution.run(program)
        except Exception as error:
            execution.see("end", _flat(error))
        return execution.seen

    return service
