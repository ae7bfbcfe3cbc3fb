"""What `awaken.app(...)` returns fits every host, as their types have it.

Mypy knows `hypercorn.asyncio` without an import of it, as it does under the official SDK; pyright does under neither.
"""

from __future__ import annotations

import awaken
import granian.server.embed
import hypercorn
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

greeter = awaken.Service("Greeter")
app = awaken.app([greeter])


async def serve_programmatically() -> None:
    await hypercorn.asyncio.serve(app, hypercorn.Config())  # pyright: ignore[reportAttributeAccessIssue]
    await uvicorn.Server(uvicorn.Config(app)).serve()
    await granian.server.embed.Server(app).serve()
    uvicorn.run(app)


def mount() -> None:
    FastAPI(lifespan=app.lifespan).mount("/durable", app)
    Starlette(routes=[Mount("/durable", app)], lifespan=app.lifespan)
