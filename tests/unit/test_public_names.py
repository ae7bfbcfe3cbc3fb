"""What `import awaken` gives: additions are deliberate, removals are breaking."""

from __future__ import annotations

import subprocess
import sys

import awaken


def test_public_names_are_these() -> None:
    assert sorted(awaken.__all__) == [
        "Awakeable",
        "ConnectionRetries",
        "Context",
        "DurablePromise",
        "Endpoint",
        "HttpError",
        "InvocationRetryPolicy",
        "JournalValueCodec",
        "JournalValueCodecProvider",
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
        "VirtualObject",
        "Workflow",
        "WorkflowContext",
        "WorkflowSharedContext",
        "app",
        "as_completed",
        "create_client",
        "create_sync_client",
        "gather",
        "getLogger",
        "is_internal_exception",
        "logging",
        "select",
        "wait_completed",
    ]


def test_every_public_name_is_there_and_documented() -> None:
    for name in set(awaken.__all__) - {"JournalValueCodecProvider"}:  # an alias has no room for it
        assert (getattr(awaken, name).__doc__ or "").strip(), name


def test_import_leaves_heavy_libraries_alone() -> None:
    heavy = ("httpx", "typer", "rich", "pydantic", "h2", "h11", "starlette", "uvicorn", "uvloop")
    code = f"import sys, awaken; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
