"""Compensations: bookings that are undone, a transfer between accounts, an order that is cancelled."""

from __future__ import annotations

from typing import TypedDict

import restate

# ---------------------------------------------------------------- 1: a trip, booked step by step, undone in reverse


class Trip(TypedDict):
    traveller: str
    fails_at: str


trips = restate.Service("SagaTrips")


@trips.handler()
async def book(ctx: restate.Context, trip: Trip) -> list[str]:
    done: list[str] = []
    undo: list[str] = []

    async def reserve(what: str) -> str:
        if trip["fails_at"] == what:
            raise restate.TerminalError(f"no {what} left", status_code=409)
        return f"{what} for {trip['traveller']}"

    async def release(what: str) -> str:
        return f"released {what}"

    try:
        for what in ("flight", "car", "hotel"):
            undo.append(what)
            done.append(await ctx.run_typed(f"reserve {what}", reserve, restate.RunOptions(), what=what))
    except restate.TerminalError as error:
        done.append(f"{error.status_code} {error.message}")
        for what in reversed(undo):
            released = await ctx.run_typed(f"release {what}", release, restate.RunOptions(), what=what)
            done.append(released)
        if trip["traveller"] == "strict":
            raise restate.TerminalError(" / ".join(done), status_code=error.status_code) from error
    return done


# ---------------------------------------------------------------- 2: money moves between two objects

accounts = restate.VirtualObject("SagaAccounts")


@accounts.handler()
async def deposit(ctx: restate.ObjectContext, amount: int) -> int:
    balance = (await ctx.get("balance", type_hint=int) or 0) + amount
    ctx.set("balance", balance)
    return balance


@accounts.handler()
async def withdraw(ctx: restate.ObjectContext, amount: int) -> int:
    balance = await ctx.get("balance", type_hint=int) or 0
    if balance < amount:
        raise restate.TerminalError(f"{ctx.key()[-3:]} has {balance}, not {amount}", status_code=402)
    ctx.set("balance", balance - amount)
    return balance - amount


@accounts.handler(kind="shared")
async def balance(ctx: restate.ObjectSharedContext) -> int:
    return await ctx.get("balance", type_hint=int) or 0


class Transfer(TypedDict):
    source: str
    target: str
    amount: int


bank = restate.Service("SagaBank")


@bank.handler()
async def transfer(ctx: restate.Context, order: Transfer) -> list[int]:
    left = await ctx.object_call(withdraw, key=order["source"], arg=order["amount"])
    try:
        if order["amount"] % 2:
            raise restate.TerminalError("odd amounts are not accepted")
        there = await ctx.object_call(deposit, key=order["target"], arg=order["amount"])
    except restate.TerminalError:
        await ctx.object_call(deposit, key=order["source"], arg=order["amount"])
        raise
    return [left, there]


# ---------------------------------------------------------------- 3: a long order that somebody cancels

orders = restate.Service("SagaOrders")
ledger = restate.VirtualObject("SagaLedger")


@ledger.handler()
async def note(ctx: restate.ObjectContext, line: str) -> None:
    ctx.set("lines", [*(await ctx.get("lines", type_hint=list[str]) or []), line])


@ledger.handler(kind="shared")
async def lines(ctx: restate.ObjectSharedContext) -> list[str]:
    return await ctx.get("lines", type_hint=list[str]) or []


@orders.handler()
async def place(ctx: restate.Context, key: str) -> str:
    await ctx.object_call(note, key=key, arg="placed")
    _, delivery = ctx.awakeable(type_hint=str)
    try:
        return await delivery
    except restate.TerminalError as error:
        await ctx.object_call(note, key=key, arg=f"refunded after {error.status_code} {error.message}")
        raise


@orders.handler()
async def cancel(ctx: restate.Context, invocation_id: str) -> None:
    ctx.cancel_invocation(invocation_id)


SERVICES = [trips, accounts, bank, ledger, orders]
