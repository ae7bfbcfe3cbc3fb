"""Differences between the two SDKs, each with its reason. The suite expects what awaken does.

The official SDK must fail every listed test with the listed exception, so a difference that disappears fails the suite.
Names and parameters are compared by tests/unit/test_surface.py; docs/comparison/official-api.md has what awaken leaves
out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import restate
from awaken.errors import HttpError

from tests.e2e.ingress import InvocationFailed


@dataclass(frozen=True, slots=True)
class Difference:
    """What the official SDK does instead.

    Args:
        reason: what differs, and why awaken does.
        raises: how the test fails under the official SDK.
    """

    reason: str
    raises: type[BaseException] | tuple[type[BaseException], ...] = AssertionError


_ANNOTATED = Difference(
    "The official SDK reads dataclasses and lists of models as dicts, and cannot write these types at all; awaken has "
    "one path by annotation for every place where values cross.",
    InvocationFailed,
)

_KEYS = Difference(
    "The official client puts keys into paths as they are, so that some name another path or another key; awaken "
    "encodes them.",
    restate.HttpError,
)

#: By name of the test, with its parameters but without the SDK.
DIFFERENCES: dict[str, Difference] = {
    **{
        f"test_annotated_types_cross[{name}]": _ANNOTATED
        for name in (
            *("dataclass_in", "dataclass_out", "list_of_models_in", "list_of_models_out"),
            *("uuid_out", "datetime_out", "enum_out", "set_out"),
        )
    },
    "test_bytes_cross_as_they_are": Difference(
        "The official SDK cannot write bytes without a serde; awaken writes and reads them verbatim where `bytes` is "
        "the annotation."
    ),
    "test_not_a_number_is_refused_when_it_is_written": Difference(
        "The official SDK writes `NaN`, which is not JSON and which other SDKs cannot read; awaken refuses it."
    ),
    "test_schema_tells_what_is_inside[Strict]": Difference(
        "The official SDK's manifest has the schema `true` for dataclasses and for members of lists; awaken's is full."
    ),
    "test_asyncio_completes[gathered]": Difference(
        "`asyncio.gather` over durable futures never ends under the official SDK: no answer, no log line. Ordinary "
        "asyncio works with awaken, and replays identically.",
        TimeoutError,
    ),
    "test_failure_has_the_message_of_the_handler": Difference(
        "The official client's `HttpError.message` is the reason phrase of HTTP; awaken's is what the handler said."
    ),
    "test_failure_with_code_200_is_raised": Difference(
        "A handler may fail with any code. The official client takes one below 400 for a result; awaken reads the "
        "header that says so.",
        pytest.fail.Exception,
    ),
    "test_delayed_send_is_accepted": Difference(
        "The official client sends the delay without a unit, which server 1.7 refuses; awaken's has one.",
        restate.HttpError,
    ),
    "test_keys_keep_their_shape[slash]": _KEYS,
    "test_keys_keep_their_shape[question]": _KEYS,
    "test_keys_keep_their_shape[percent]": Difference(_KEYS.reason),
    "test_bytes_need_no_content_type": Difference(
        "The official client sends bytes without a content type, which the server refuses; awaken's sends JSON's "
        "unless you give another one.",
        restate.HttpError,
    ),
    "test_terminal_error_of_the_codec_reaches_the_caller": Difference(
        "Whatever a codec raises over an input, the official SDK answers 400 with a text of its own. With awaken the "
        "codec decides: its `TerminalError` reaches the caller, and anything else, such as a key that cannot be had "
        "now, is tried again."
    ),
    "test_every_operation_on_state[Eager]": Difference(
        "Of eager state, the official SDK still lists a key after `clear`; awaken lists what there is, as it does of "
        "lazy state."
    ),
    "test_payload_that_does_not_fit_ends_the_invocation": Difference(
        "Under the official SDK a payload that is not of the awakeable's type fails every attempt until retries are "
        "exhausted, and a second, right payload changes nothing; awaken ends the invocation with an error that names "
        "the awakeable and what does not fit."
    ),
}

#: What a runtime does not support under either SDK, by `--runtime` and name of the test.
OF_RUNTIMES: dict[str, dict[str, Difference]] = {
    "embedded": {
        "test_client_calls_within_a_scope": Difference(
            "The embedded runtime has no scopes at its ingress, as a server has none by default.", HttpError
        ),
    },
    "server": {},
}


def name_without_sdk(name: str) -> str:
    """Return the name of a test without the parameter that selects the SDK."""
    return re.sub(r"\[(?:official|awaken)(?:-(.*))?\]$", lambda m: f"[{m[1]}]" if m[1] else "", name)
