"""Applications for the official SDK in the shapes that people give them, each with how it is started.

Both SDKs run the same text: `translate` changes its imports, and nothing else.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IMPORT: Final = re.compile(r"^( *)import restate$", re.MULTILINE)
_FROM: Final = re.compile(r"^( *)from restate(?=[. ])", re.MULTILINE)


def translate(text: str) -> str:
    """Change the import of the official SDK into ours."""
    return _FROM.sub(r"\1from awaken", _IMPORT.sub(r"\1import awaken as restate", text))


@dataclass(frozen=True)
class Program:
    """An application in a folder of its own.

    Args:
        command: starts it, in its folder; `{port}` is where it has to listen. The first word is a program of the
            environment that the tests run in.
        files: their texts by path, besides those of GREETER.
        environment: further variables. The port is in PORT.
        is_http2: whether it speaks HTTP/2.
        prefix: the path that it serves below.
        exit_code: after SIGTERM; negative is a signal.
        is_compared: whether it also runs under the official SDK.
    """

    command: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    is_http2: bool = True
    prefix: str = ""
    exit_code: int = 0
    is_compared: bool = False


GREETER: Final = {
    "greeter.py": """
import restate
from restate.exceptions import TerminalError

greeter = restate.Service("Greeter")


def draw(limit: int) -> int:
    return limit - 1


@greeter.handler()
async def approve(ctx: restate.Context, awakeable: str) -> None:
    ctx.resolve_awakeable(awakeable, {"approved": True})


@greeter.handler()
async def greet(ctx: restate.Context, name: str) -> str:
    if not name:
        raise TerminalError("a name, please", status_code=400)
    number = await ctx.run_typed("draw", draw, restate.RunOptions(max_attempts=3), limit=8)
    awakeable, approval = ctx.awakeable(type_hint=dict)
    ctx.service_send(approve, awakeable)
    return f"Hello {name}, {number}, {await approval}"
""",
    "served.py": """
import restate

from greeter import greeter

app = restate.app(services=[greeter])
""",
}

_SERVE: Final = """
    conf = hypercorn.Config()
    conf.bind = [f"127.0.0.1:{os.environ['PORT']}"]
    asyncio.run(hypercorn.asyncio.serve(app, conf))
"""
_MOUNTED: Final = """
from fastapi import FastAPI

import restate
from greeter import greeter

app = FastAPI()
app.mount("/restate/v1", restate.app([greeter]))


@app.get("/")
async def root() -> dict[str, str]:
    return {"message": "beside it"}
"""
_UVICORN: Final = ("uvicorn", "served:app", "--port", "{port}")

PROGRAMS: Final[Mapping[str, Program]] = {
    "hypercorn at the end": Program(
        ("python", "main.py"),
        {
            "main.py": f"""
import restate

from greeter import greeter

app = restate.app([greeter])

if __name__ == "__main__":
    import os
    import hypercorn
    import asyncio
{_SERVE}"""
        },
    ),
    "hypercorn first": Program(
        ("python", "main.py"),
        {
            "main.py": f"""
import hypercorn
import asyncio
import logging
import os
import restate

from greeter import greeter

logging.basicConfig(level=logging.INFO)


def main():
    app = restate.app(services=[greeter])
{_SERVE}

if __name__ == "__main__":
    main()
"""
        },
    ),
    "hypercorn by another name": Program(
        ("python", "main.py"),
        {
            "main.py": """
import asyncio, os
import restate
import hypercorn as server
from hypercorn.config import Config

from greeter import greeter

async def main():
    await server.asyncio.serve(restate.app([greeter]), Config.from_mapping(bind=f"127.0.0.1:{os.environ['PORT']}"))

asyncio.run(main())
"""
        },
    ),
    "hypercorn as its documentation has it": Program(
        ("python", "main.py"),
        {
            "main.py": """
import asyncio
import os
from hypercorn.asyncio import serve
from hypercorn.config import Config
from restate.endpoint import Endpoint

from greeter import greeter

config = Config()
config.bind = [f"127.0.0.1:{os.environ['PORT']}"]
asyncio.run(serve(Endpoint().bind(greeter).app(), config))
"""
        },
    ),
    "folder": Program(
        ("python", "."),
        {
            "__main__.py": f"""
import hypercorn
import asyncio
import os
import restate

from greeter import greeter

app = restate.app(services=[greeter])


def main():
    \"\"\"Serve it.\"\"\"
{_SERVE}

if __name__ == "__main__":
    main()
"""
        },
        is_compared=True,
    ),
    "package": Program(
        ("python", "-m", "greetings"),
        {
            "greetings/__init__.py": "from .endpoint import app\n",
            "greetings/endpoint.py": "import restate\nfrom greeter import greeter\napp = restate.app([greeter])\n",
            "greetings/__main__.py": f"""
import asyncio, os
import hypercorn
from . import app

if True:
{_SERVE}""",
        },
    ),
    "running loop": Program(
        ("python", "main.py"),
        {
            "main.py": """
import asyncio, os
import hypercorn
import restate

from greeter import greeter

# As a cell of a notebook does it: the loop runs already, and goes on with other things.
async def cell():
    config = hypercorn.Config()
    config.bind = [f"127.0.0.1:{os.environ['PORT']}"]
    return asyncio.create_task(hypercorn.asyncio.serve(restate.app([greeter]), config))

async def notebook():
    serving = await cell()
    await asyncio.sleep(0)
    await serving

asyncio.run(notebook())
"""
        },
    ),
    "thread": Program(
        ("python", "main.py"),
        {
            "main.py": """
import asyncio, os, signal, threading
import hypercorn
import restate

from greeter import greeter

def serve():
    config = hypercorn.Config()
    config.bind = [f"127.0.0.1:{os.environ['PORT']}"]
    asyncio.run(hypercorn.asyncio.serve(restate.app([greeter]), config, shutdown_trigger=stopping))

async def stopping():
    while not over.is_set():
        await asyncio.sleep(0.05)

over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
thread = threading.Thread(target=serve)
thread.start()
thread.join()
"""
        },
    ),
    "hypercorn command": Program(
        ("hypercorn", "--config", "hypercorn-config.toml", "--bind", "127.0.0.1:{port}", "served:app"),
        {
            "hypercorn-config.toml": "h2_max_concurrent_streams = 2147483647\nkeep_alive_max_requests = 2147483647\n"
        },
        is_compared=True,
    ),
    "hypercorn command with workers": Program(
        ("hypercorn", "-w", "2", "-k", "uvloop", "-b", "127.0.0.1:{port}", "served:app"),
    ),
    "uvicorn command": Program(_UVICORN, is_http2=False, exit_code=-signal.SIGTERM, is_compared=True),
    "uvicorn command with reload": Program((*_UVICORN, "--reload"), is_http2=False),
    "uvicorn in a program": Program(
        ("python", "main.py"),
        {
            "main.py": """
import os
import uvicorn
from served import app

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]))
"""
        },
        is_http2=False,
        exit_code=-signal.SIGTERM,
    ),
    "granian command": Program(
        ("granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}", "served:app")
    ),
    "FastAPI under uvicorn": Program(
        ("uvicorn", "mounted:app", "--port", "{port}"),
        {"mounted.py": _MOUNTED},
        is_http2=False,
        prefix="/restate/v1",
        exit_code=-signal.SIGTERM,
    ),
    "FastAPI under hypercorn": Program(
        ("hypercorn", "-b", "127.0.0.1:{port}", "mounted:app"), {"mounted.py": _MOUNTED}, prefix="/restate/v1"
    ),
    "awaken serve": Program(
        ("awaken", "serve", "configured:app", "--bind", "127.0.0.1:{port}"),
        {
            # Every other server has imported that submodule.
            "configured.py": """
import logging

from served import app

logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
"""
        },
    ),
    "AWS Lambda": Program(
        ("python", "-m", "tests.unchanged.entry_points.function_url", "served.app", "{port}"),
        environment={"AWS_LAMBDA_FUNCTION_NAME": "greeter"},
        is_http2=False,
        exit_code=-signal.SIGTERM,
        is_compared=True,
    ),
}
