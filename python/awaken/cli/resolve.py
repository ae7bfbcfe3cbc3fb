"""`awaken resolve`: complete an awakeable with a value."""

from __future__ import annotations

import shlex
from pathlib import Path  # noqa: TC003 -- typer reads the annotations
from typing import Annotated, Final

import typer

from awaken.cli.addresses import parse_urls
from awaken.cli.failures import CommandError, UsageError, explain_failures
from awaken.cli.settings import DEFAULT_INGRESS, IngressOption, JsonOutputOption, OutcomeAdminOption

__all__ = ["SETTINGS", "resolve"]

#: Of the command: what follows the id comes to `resolve`, which says how to write it.
SETTINGS: Final = {"allow_extra_args": True}


@explain_failures
def resolve(
    invoked: typer.Context,
    awakeable_id: Annotated[str, typer.Argument(metavar="ID", help="The id the handler handed out.")],
    json: Annotated[
        str | None, typer.Option("--json", metavar="JSON", help="A JSON value, sent as written.")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Text, sent as a JSON string.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="A file whose bytes to send; - is standard input."),
    ] = None,
    encoded: Annotated[
        bool,
        typer.Option(
            "--encoded",
            help="The bytes went through the journal value codec of the handler's application already.",
        ),
    ] = False,
    ingress: IngressOption = DEFAULT_INGRESS,
    admin: OutcomeAdminOption = None,
    json_output: JsonOutputOption = False,
) -> None:
    """Resolve an awakeable with a value.

    Give the value with --json, --text or --file. Without one, the handler gets None.
    """
    from awaken.cli.completing import complete

    if invoked.args:
        raise UsageError(_advise(" ".join(invoked.args)))
    if sum(option is not None for option in (json, text, file)) > 1:
        raise UsageError("more than one value was given; choose one of --json, --text and --file")
    ingresses = parse_urls([ingress], "an ingress")
    admins = parse_urls([admin], "an admin API") if admin else None
    body = _body(json, text, file)
    complete(ingresses, admins, awakeable_id, body, is_encoded=encoded, json_output=json_output)


def _body(json: str | None, text: str | None, file: Path | None) -> bytes:
    from msgspec import DecodeError
    from msgspec.json import decode

    if json is not None:
        try:
            decode(json)
        except (DecodeError, UnicodeEncodeError) as error:
            raise UsageError(
                f"{json!r} is not JSON ({error}); quote text twice: --json '\"text\"'"
            ) from error
        return json.encode()
    if text is not None:
        return _as_json_string(text)
    if file is None:
        return b""
    return _read(file)


def _advise(bare: str) -> str:
    """Return what to write for a value that was given without an option."""
    from msgspec import DecodeError
    from msgspec.json import decode

    try:
        decode(bare)
        option = "--json"
    except (DecodeError, UnicodeEncodeError):
        option = "--text"
    return f"{bare!r} needs an option that says what it is: {option} {shlex.quote(bare)}"


def _read(file: Path) -> bytes:
    import sys

    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror or error}; name a file that exists"
        ) from error


def _as_json_string(text: str) -> bytes:
    from awaken.errors import SerdeError
    from awaken.serde import JsonSerde

    try:
        return JsonSerde[str]().serialize(text)
    except SerdeError as error:
        raise UsageError(f"--text is not valid Unicode ({error}); send bytes with --file") from error
