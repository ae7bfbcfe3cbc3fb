"""Registers a deployment with the admin API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from awaken.cli.failures import CommandError
from awaken.cli.output import print_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

__all__ = ["register_deployment"]

#: What to do about the runtime's own error codes.
_ADVICE = {
    "META0003": "The runtime cannot reach the endpoint, or something else answers there: is the endpoint "
    "running, and does this URL lead to it from where the runtime runs (in a container, 127.0.0.1 is the "
    "container itself)?",
    "META0006": "A service changed its type; give it another name, or use --force.",
    "META0012": "Runtime and endpoint share no protocol version; upgrade the older one of the two.",
    "META0013": "The endpoint's description was not understood; is this the URL of an endpoint?",
    "META0014": "The endpoint speaks HTTP/1.1 only, perhaps because of a proxy; add --use-http1.1.",
}

#: Codes of which the advice says all: the runtime's text gives the same advice, once or twice.
_SAID_BY_ADVICE = frozenset({"META0014"})

#: The runtime tries discovery several times before it gives up.
_REQUEST_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 2.0


def register_deployment(
    admin: str | Sequence[str],
    endpoint: str,
    *,
    force: bool = False,
    dry_run: bool = False,
    use_http_11: bool = False,
    patience: float = 0.0,
) -> dict[str, Any]:
    """Register an endpoint and return the deployment as the runtime describes it.

    Args:
        admin: URL of the admin API; of a cluster, those of several nodes, of which the first one that answers counts.
        endpoint: URL of the endpoint, as the runtime reaches it.
        force: discover again, even if this URL is registered already.
        dry_run: return what would be registered, and change nothing.
        use_http_11: talk HTTP/1.1 to the endpoint.
        patience: how many seconds to wait for an admin API that is not up yet.

    Raises:
        CommandError: the runtime cannot be reached, or refuses.
    """
    import httpx

    from awaken.client.credentials import authorization, make_tls_context, read_token
    from awaken.control.nodes import describe_break

    admins = [admin] if isinstance(admin, str) else list(admin)
    body: dict[str, Any] = {"uri": endpoint, "force": force, "use_http_11": use_http_11}
    if dry_run:
        body["dry_run"] = True
    pause = _FIRST_PAUSE_SECONDS
    try:
        headers = authorization(read_token())
        verify = make_tls_context() if any(url.startswith("https:") for url in admins) else False
    except ValueError as error:
        raise CommandError(str(error)) from error
    with httpx.Client(headers=headers, timeout=_REQUEST_SECONDS, trust_env=False, verify=verify) as client:
        # After making the client, which may take long to load certificates.
        deadline = time.monotonic() + patience
        while True:
            errors: list[httpx.HTTPError] = []
            for url in admins:
                try:
                    return _read(client.post(f"{url}/deployments", json=body), url, endpoint)
                except httpx.HTTPError as error:
                    errors.append(error)
            named, last = ", ".join(admins), errors[-1]
            if not isinstance(last, httpx.ConnectError):
                raise CommandError(
                    f"the admin API at {named} gave no answer: {describe_break(last, admins[-1])}"
                ) from last
            if time.monotonic() + pause > deadline:
                raise _unreachable(named, last) from last
            if pause == _FIRST_PAUSE_SECONDS:
                print_progress(f"awaken: waiting for the admin API at {named} ...")
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _unreachable(admin: str, error: Exception) -> CommandError:
    return CommandError(
        f"nothing answers at {admin} ({error}); start a Restate server, or "
        "name its admin API with --admin or AWAKEN_ADMIN"
    )


def _read(response: httpx.Response, admin: str, endpoint: str) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.is_success:
        if isinstance(answer, dict) and "services" in answer:
            return answer
        raise CommandError(
            f"{admin} answered, but not as an admin API does; is this the ingress? Name it with --admin"
        )
    message = answer.get("message") if isinstance(answer, dict) else None
    code = answer.get("restate_code") if isinstance(answer, dict) else None
    is_text = response.headers.get("content-type", "").startswith("text/plain")
    reason = " ".join(str(message or (is_text and response.text) or response.reason_phrase).split())
    if code:  # the text contains it already, sometimes twice
        own = "" if code in _SAID_BY_ADVICE else _sentence(reason.replace(f"[{code}]", "").strip())
        reason = f"[{code}] {own}".rstrip()
    else:
        reason = _sentence(reason)
    from awaken.client.credentials import ADVICE, is_refused

    advice = _ADVICE.get(code or "", "")
    if is_refused(response.status_code, response.headers):
        advice = f"{ADVICE[0].upper()}{ADVICE[1:]}."
    if not code and response.status_code in (400, 404, 405, 501):
        advice = "Is this the URL of an admin API? Name it with --admin."
    status = f"status {response.status_code}"
    raise CommandError(f"{admin} refused {endpoint} with {status}: {reason} {advice}".rstrip())


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
