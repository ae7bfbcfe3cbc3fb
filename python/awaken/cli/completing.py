"""Completing an awakeable over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.cli.failures import CommandError
from awaken.cli.output import print_json, print_text

if TYPE_CHECKING:
    import httpx

__all__ = ["check_awakeable_id", "complete", "report"]


def check_awakeable_id(text: str) -> str:
    """Return the id to send, or refuse it before it can do harm.

    Raises:
        CommandError: the id is malformed, or a runtime would not take it as an awakeable.
    """
    from awaken.client import awakeable_id
    from awaken.errors import InvalidIdError

    try:
        awakeable_id.check_awakeable_id(text)
    except InvalidIdError as error:
        raise CommandError(error.message) from error
    return text


def complete(
    ingress: str, awakeable_id: str, outcome: str, body: bytes, content_type: str | None
) -> httpx.Response:
    """Post the outcome (`resolve` or `reject`) of an awakeable.

    Raises:
        CommandError: the ingress is not there, or refused.
    """
    import httpx

    headers = {} if content_type is None else {"content-type": content_type}
    url = f"{ingress}/restate/awakeables/{awakeable_id}/{outcome}"
    try:
        with httpx.Client(timeout=30.0, trust_env=False) as client:
            response = client.post(url, content=body, headers=headers)
    except httpx.ConnectError as error:
        raise CommandError(
            f"nothing answers at {ingress} ({error}); start the runtime, or name its ingress with --ingress "
            "or AWAKEN_INGRESS"
        ) from error
    except httpx.HTTPError as error:
        raise CommandError(
            f"the ingress at {ingress} gave no answer ({error or type(error).__name__}); whether the "
            "awakeable was completed is not known, and doing it again is safe: the first outcome wins"
        ) from error
    if not response.is_success:
        reason = " ".join(_reason(response).split())
        if response.status_code in (404, 405):
            reason += ". Is this the URL of an ingress? Name it with --ingress"
        raise CommandError(
            f"{ingress} refused to {outcome} {awakeable_id} with status {response.status_code}: {reason}"
        )
    return response


def report(response: httpx.Response, awakeable_id: str, *, json_output: bool) -> None:
    """Tell what the answer means, and no more than that."""
    if json_output:
        print_json({"id": awakeable_id, "status": response.status_code, "accepted": True})
    elif response.status_code == 202:
        print_text(
            "Accepted. The runtime does not say whether it was applied: an unknown or completed invocation, "
            "and an awakeable with an outcome already, are accepted the same way."
        )
    else:
        print_text(" ".join(response.text.split()) or "Done.")


def _reason(response: httpx.Response) -> str:
    try:
        answer: Any = response.json()
    except ValueError:
        return response.text or "no reason given"
    return str(answer.get("message") or answer) if isinstance(answer, dict) else str(answer)
