"""Every name that a module of the official SDK defines is here as well, or in this table with the reason why not.

Names that a module has only because it imports them are not part of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import restate

DOCS = Path(__file__).parents[2] / "docs" / "comparison" / "official-api.md"
#: Needs a package for Docker; docs/comparison/official-api.md tells what of it there is.
NOT_IMPORTED = {"harness"}

TUNNEL = "a tunnel to a cloud service"
INNER = "serves the SDK itself"

#: By module: the reason, and the names.
LEFT_OUT = {
    "aws_lambda": (
        INNER,
        "RESPONSE_COMPRESSION_THRESHOLD ResponseCollector ZSTD_AVAILABLE create_scope is_lambda_compression_supported "
        "is_running_on_lambda request_to_receive wrap_asgi_as_lambda_handler zstd_compress zstd_decompress",
    ),
    "client": (TUNNEL, "resolve_ingress"),
    "connection": (
        TUNNEL,
        "Connection EXIT_SHUTDOWN_GRACE_SECONDS SIGNAL_SHUTDOWN_GRACE_SECONDS connect with_connection",
    ),
    "discovery": (
        INNER,
        "Endpoint HANDLER_TYPES Handler InputPayload OutputPayload PROTOCOL_MODES ProtocolMode PythonClassEncoder "
        "SERVICE_TYPES Service ServiceHandlerType ServiceType compute_discovery compute_discovery_json "
        "json_schema_from_type_hint resolve_state_preload type_hint_to_json_schema",
    ),
    "handler": (
        INNER,
        "RESTATE_UNIQUE_HANDLER_SYMBOL TypeHint check_state_preload_options invoke_handler make_handler "
        "update_handler_io_with_input_type_hints update_handler_io_with_return_type_hints "
        "update_handler_io_with_type_hints",
    ),
    "serde": (
        INNER,
        "DaciteFromDict DaciteToDict Msgspec MsgspecJsonAPI try_import_from_dacite try_import_msgspec_api "
        "try_import_pydantic_base_model",
    ),
    "server": (
        INNER,
        "LifeSpanNotImplemented ParsedPath SDK_VERSION X_RESTATE_SERVER asgi_app install_shutdown_hook parse_path "
        "process_invocation_to_completion send404 send_discovery send_health_check send_status "
        "send_status_with_error_text",
    ),
    "server_context": (
        INNER,
        "LazyFuture ServerTeardownEvent Tasks async_value auto_close_extension_data "
        "update_restate_context_is_replaying",
    ),
    "server_types": (
        INNER,
        "ASGIVersions HTTPDisconnectEvent HTTPRequestEvent HTTPResponseBodyEvent HTTPResponseStartEvent "
        "ReceiveChannel RestateEvent binary_to_header header_to_binary",
    ),
    "vm": (
        INNER,
        "AllCompletedUnresolvedFuture CANCEL_HANDLE DO_PROGRESS_ANY_COMPLETED DO_PROGRESS_CANCEL_SIGNAL_RECEIVED "
        "DO_PROGRESS_WAIT_EXTERNAL_PROGRESS DoProgressAnyCompleted DoProgressCancelSignalReceived DoProgressExecuteRun "
        "DoProgressWaitExternalProgress Failure FirstCompletedUnresolvedFuture Invocation NOT_READY NotReady Run "
        "RunRetryConfig SUSPENDED SingleUnresolvedFuture Suspended VMWrapper",
    ),
}

MODULES = [
    info.name
    for info in pkgutil.iter_modules(restate.__path__)
    if not info.name.startswith("_") and info.name not in NOT_IMPORTED
]


def defined_in(module: ModuleType) -> dict[str, Any]:
    """Return what a module defines for others; the origin of a constant cannot be told."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and type(value).__name__ not in ("TypeVar", "ParamSpec")
        and getattr(value, "__module__", module.__name__) == module.__name__
    }


@pytest.mark.parametrize("module", MODULES)
def test_names_are_there_or_left_out_for_a_reason(module: str) -> None:
    theirs = importlib.import_module(f"restate.{module}")
    try:
        ours = importlib.import_module(f"awaken.{module}")
    except ModuleNotFoundError:
        ours = ModuleType("nothing")

    missing = {name for name in defined_in(theirs) if not hasattr(ours, name)}

    # Two constants are where they are imported to as well.
    assert missing - {"restate_context_is_replaying", "CANCEL_NOTIFICATION_HANDLE"} == set(
        LEFT_OUT.get(module, ("", ""))[1].split()
    )


def test_docs_name_the_modules() -> None:
    page = DOCS.read_text()

    for module, (reason, _) in LEFT_OUT.items():
        assert reason != INNER or f"`restate.{module}`" in page, module
