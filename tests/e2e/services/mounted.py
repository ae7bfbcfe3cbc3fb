"""The application of the suite inside a FastAPI one."""

from __future__ import annotations

from fastapi import FastAPI

from tests.e2e.services.app import app

outer = FastAPI(lifespan=app.lifespan)
outer.mount("/durable", app)


@outer.get("/")
async def home() -> str:
    """Answer beside the mounted application."""
    return "home"
