"""Devices get firmware, one version after the other. A device answers when it is done, which may take hours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import awaken
import httpx
from awaken.errors import InvocationCancelledError

#: Where devices reach the ingress.
ANSWERS = os.environ.get("ANSWERS_URL", "http://127.0.0.1:8080")
#: A device may be switched off for a day; the pauses between requests grow to ten minutes.
RETRIES = awaken.RunOptions[Any](
    initial_retry_interval=timedelta(seconds=1),
    max_retry_interval=timedelta(minutes=10),
    max_duration=timedelta(days=1),
)
#: How long an installation may take, how often it is tried, and the pause after one that failed.
PATIENCE = timedelta(hours=2)
ATTEMPTS = 3
PAUSE = timedelta(minutes=30)

devices = awaken.VirtualObject("Device")


@dataclass
class Plan:
    #: Where the device listens.
    address: str
    #: Versions of the firmware, in the order of their installation.
    versions: list[str]


@dataclass
class Report:
    """What a device answers."""

    is_installed: bool
    error: str = ""


@dataclass
class Status:
    firmware: str
    doing: str


@devices.handler()
async def provision(ctx: awaken.ObjectContext, plan: Plan) -> Status:
    """Install what is missing. The key is the serial number; a device has one plan at a time, others wait."""
    installed = await ctx.get("installed", type_hint=list[str]) or []
    try:
        for version in plan.versions:
            if version in installed:
                continue
            ctx.set("doing", f"installing {version}")
            await install(ctx, plan.address, version)
            installed.append(version)
            ctx.set("installed", installed)
    except InvocationCancelledError:
        ctx.set("doing", "cancelled")
        await ctx.run_typed("stop", post, RETRIES, url=f"{plan.address}/stop", body={})
        raise
    except awaken.TerminalError as error:
        ctx.set("doing", f"failed: {error.message}")
        raise
    ctx.set("doing", "ready")
    return Status(firmware=(installed or ["factory"])[-1], doing="ready")


async def install(ctx: awaken.ObjectContext, address: str, version: str) -> None:
    """Have a device install a version; ask again if it does not answer in time, or could not do it."""
    error = ""
    for _ in range(ATTEMPTS):
        report = ctx.awakeable(type_hint=Report, name="report")
        command = {"version": version, "answer_to": f"{ANSWERS}/restate/awakeables/{report.id}/resolve"}
        await ctx.run_typed(f"ask for {version}", post, RETRIES, url=f"{address}/install", body=command)
        try:
            answer = await report.result(timeout=PATIENCE)
        except TimeoutError:
            error = f"no answer in {PATIENCE}"
            continue
        if answer.is_installed:
            return
        error = answer.error
        await ctx.sleep(PAUSE, "pause")
    raise awaken.TerminalError(f"{ctx.key()} did not install {version} in {ATTEMPTS} attempts: {error}", 504)


@devices.handler(kind="shared")
async def status(ctx: awaken.ObjectSharedContext) -> Status:
    """Tell what a device has and does, also while a plan is carried out."""
    installed = await ctx.get("installed", type_hint=list[str])
    doing = await ctx.get("doing", type_hint=str)
    return Status(firmware=(installed or ["factory"])[-1], doing=doing or "nothing")


async def post(url: str, body: dict[str, Any]) -> None:
    """Send a command to a device. What it refuses is final; a device that is not there is asked again."""
    async with httpx.AsyncClient(timeout=10) as client:
        response = await client.post(url, json=body)
    if response.is_client_error:
        raise awaken.TerminalError(f"the device refused {url}: {response.text}", response.status_code)
    response.raise_for_status()


app = awaken.app([devices])
