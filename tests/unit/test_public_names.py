"""The names that `import awaken` provides: additions are deliberate, removals are breaking."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from typing import Any

import awaken


def test_public_names_are_these() -> None:
    assert sorted(awaken.__all__) == [
        "Approval",
        "ApprovalMessage",
        "Awakeable",
        "Callback",
        "CallbackLink",
        "CallbackSettings",
        "ConnectionRetries",
        "Context",
        "DurablePromise",
        "Endpoint",
        "HarnessEnvironment",
        "HttpError",
        "InvocationRetryPolicy",
        "JournalValueCodec",
        "JournalValueCodecProvider",
        "LinkSigner",
        "NotReadyError",
        "ObjectContext",
        "ObjectSharedContext",
        "Request",
        "RestateClient",
        "RestateClientSendHandle",
        "RestateDurableCallFuture",
        "RestateDurableFuture",
        "RestateDurableSleepFuture",
        "RestateLoggingFilter",
        "RetryableError",
        "RunOptions",
        "ScopedContext",
        "SdkInternalBaseException",
        "SendHandle",
        "Service",
        "SyncRestateClient",
        "TerminalError",
        "Verdict",
        "VirtualObject",
        "Workflow",
        "WorkflowContext",
        "WorkflowSharedContext",
        "app",
        "as_completed",
        "configure_callbacks",
        "create_client",
        "create_sync_client",
        "create_test_harness",
        "gather",
        "getLogger",
        "is_internal_exception",
        "logging",
        "register_callback_type",
        "select",
        "test_harness",
        "wait_completed",
    ]


def test_every_public_name_is_there_and_documented() -> None:
    for name in set(awaken.__all__) - {"JournalValueCodecProvider"}:  # an alias has no room for it
        assert (getattr(awaken, name).__doc__ or "").strip(), name


def public_callables() -> dict[str, Any]:
    """Return every public class and function of the modules that applications import, with their public methods."""
    found: dict[str, Any] = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for public in module.__all__:
            target = getattr(module, public)
            if inspect.isclass(target) or inspect.isfunction(target):
                found[f"{name}.{public}"] = target
            if inspect.isclass(target):
                found |= {f"{name}.{public}.{key}": value for key, value in methods_of(target).items()}
    return found


def methods_of(cls: type) -> dict[str, Any]:
    """Return the public methods that a class has of this package, its own and those of the parts it is made of."""
    ours = [base for base in reversed(cls.__mro__) if base.__module__.startswith("awaken")]
    return {
        key: value
        for base in ours
        for key, value in vars(base).items()
        if not key.startswith("_") and is_code(value)
    }


def is_code(value: Any) -> bool:
    return inspect.isfunction(value) or isinstance(value, (property, classmethod, staticmethod))


MODULES = (
    "awaken",
    *(
        f"awaken.{name}"
        for name in (
            *(
                "asyncio",
                "client",
                "client_types",
                "context",
                "endpoint",
                "entry_codec",
                "errors",
                "exceptions",
            ),
            *(
                "extensions",
                "handler",
                "logging",
                "object",
                "context.request",
                "retry_policy",
                "context.runs",
                "context.scope",
                "serde",
            ),
            *("server_context", "server_types", "service", "context.state", "types", "vm", "workflow"),
        )
    ),
)


def test_every_public_class_function_and_method_is_documented() -> None:
    callables = public_callables()
    assert "awaken.context.Context.run_typed" in callables
    assert [path for path, target in callables.items() if not (inspect.getdoc(target) or "").strip()] == []


def test_import_leaves_heavy_libraries_alone() -> None:
    frameworks = ("agents", "pydantic_ai", "langchain", "langchain_core", "google.adk", "opentelemetry")
    heavy = ("httpx", "typer", "rich", "pydantic", "h2", "h11", "starlette", "uvicorn", "uvloop", *frameworks)
    code = f"import sys, awaken; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


def test_import_loads_little_beyond_asyncio_and_json() -> None:
    """What only some processes need is imported where it is used: an import is part of every cold start."""
    libraries = ("difflib", "msgspec", "pathlib", "random", "urllib.parse", "uuid")
    aliases = ("awaken.server_context", "awaken.types", "awaken.vm")
    late = (*libraries, *aliases, "awaken.endpoint.attempt", "awaken.serde.writing")
    code = (
        "import sys, asyncio, json; before = set(sys.modules)\n"
        f"import awaken; print([name for name in {late!r} if name in set(sys.modules) - before])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


def test_modules_of_the_package_are_there_without_an_import_of_their_own() -> None:
    names = [name.removeprefix("awaken.") for name in MODULES if name.count(".") == 1]
    code = f"import awaken; print([getattr(awaken, name).__name__ for name in {names!r}])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == str([f"awaken.{name}" for name in names])
