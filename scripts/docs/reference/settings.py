"""Every variable of the environment: those of options, the others of awaken, and those of the official server."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from awaken.runtime.schema import RetryPolicy
from awaken.runtime.server_settings import TAKEN
from awaken.runtime.settings import RuntimeSettings

from scripts.docs.reference.command_line import about, cell, commands, default, variables

#: Variables that no option of a command reads: where they apply, their default, and what they set.
OTHERS: Final[dict[str, tuple[str, str, str]]] = {
    "AWAKEN_INGRESS": (
        "commands, clients",
        "`http://127.0.0.1:8080`",
        "the ingress; for `awaken dev` and `awaken runtime` where it listens",
    ),
    "AWAKEN_ADMIN": (
        "commands, clients",
        "`http://127.0.0.1:9070`",
        "the admin API, as above; clients use none unless it is set",
    ),
    "AWAKEN_TOKEN": ("commands, clients", "", "the bearer token that is sent to a runtime"),
    "AWAKEN_TOKEN_FILE": ("commands, clients", "", "a file with that token, if `AWAKEN_TOKEN` is not set"),
    "AWAKEN_CLIENT_CERT": (
        "commands, clients",
        "",
        "a PEM file with the certificate that is shown to a runtime",
    ),
    "AWAKEN_CLIENT_KEY": ("commands, clients", "", "a PEM file with its private key"),
    "AWAKEN_CALLBACK_URL": (
        "handlers, links",
        "",
        "the public URL at which links lead to a runtime or a gateway",
    ),
    "AWAKEN_CALLBACK_KEYS": (
        "handlers, links",
        "",
        "keys of links, as `ID:BASE64`, with commas between them: the first one signs, all of them verify. Make one "
        'with `echo "k1:$(openssl rand -base64 32)"`; `awaken dev` makes its own',
    ),
    "AWAKEN_SLACK_TOKEN": ("handlers, links", "", "the bot token of the Slack app, `xoxb-...`"),
    "AWAKEN_SLACK_SIGNING_SECRET": ("links", "", "the secret with which Slack signs clicks"),
    "AWAKEN_SLACK_URL": ("handlers, links", "Slack's own", "where Slack's API is, for tests and proxies"),
    "AWAKEN_PAGES_NAME": ("inbox, links", "`awaken`", "the name on pages, at most 60 characters"),
    "AWAKEN_PAGES_LOGO": ("inbox, links", "awaken's own", "a file with the logo on pages, at most 64 KiB"),
    "AWAKEN_PAGES_COLOR": ("inbox, links", "awaken's own", "the colour of pages, as `#rrggbb`"),
    "AWAKEN_INBOX_VALUES": ("inbox", "`on`", "`off` shows no values of journals and states"),
    "AWAKEN_FULL_TRACEBACKS": (
        "handlers, tests",
        "",
        "if it is set, tracebacks keep the lines of awaken itself",
    ),
    "AWAKEN_CRASH_SEED": ("`crash_everywhere`", "", "repeats the crashes of another run of a test"),
    "AWAKEN_CRASH_AT": ("`crash_everywhere`", "", "crashes at this position alone"),
}

_FIELDS: Final[dict[str, Any]] = {each.name: each.default for each in fields(RuntimeSettings)} | {
    f"retry_policy.{each.name}": getattr(RetryPolicy(), each.name) for each in fields(RetryPolicy)
}


def write_pages() -> dict[str, str]:
    """Return the pages by their names below `docs/reference`."""
    lines = [
        "# Settings",
        "",
        "Every variable of the environment that awaken reads. Options of [commands](command-line.md) have precedence",
        "over variables.",
        "",
        "## Variables of commands",
        "",
        "| variable | option | commands | default | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, uses in sorted(options().items()):
        if name in OTHERS:
            continue
        option = uses[0][1]
        places = (
            "all that have it"
            if len(uses) > 4
            else ", ".join(f"`{command.removeprefix('awaken ')}`" for command, _ in uses)
        )
        first = variables(option)[0]
        text = cell(about(option)) if name == first else f"An older name of `{first}`."
        lines.append(f"| `{name}` | `{option.opts[0]}` | {places} | {default(option)} | {text} |")
    lines += [
        "",
        "## Variables of the package",
        "",
        "| variable | read by | default | |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| `{name}` | {where} | {value} | {text} |" for name, (where, value, text) in OTHERS.items()]
    lines += [
        "",
        "## Settings of the official server",
        "",
        "`awaken dev` and `awaken runtime` take these by the server's names. A duration is written as `1m 30s` or in",
        "ISO 8601, a size as `32 MiB`. `RESTATE_CONFIG` names a file in TOML with the same settings:",
        "`inactivity-timeout` in the table `[worker.invoker]` is `RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT`.",
        "Variables win.",
        "",
        "| variable | default | |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| `{setting.name}` | {_default(setting.field)} | {cell(setting.about)} |" for setting in TAKEN
    ]
    return {"settings.md": "\n".join([*lines, ""])}


def options() -> dict[str, list[tuple[str, Any]]]:
    """Return the variables that options read, each with the commands that do and their option."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for name, command in commands():
        for option in command.params:
            for variable in variables(option):
                found.setdefault(variable, []).append((name, option))
    return found


def _default(field: str) -> str:
    value = _FIELDS.get(field)
    if value is None or isinstance(value, bool) or not field:
        return ""
    if field.endswith("_ms"):
        return f"`{_duration(int(value))}`"
    if field.endswith("_size"):
        return f"`{int(value) // 1024**2} MiB`"
    return f"`{getattr(value, 'value', value)}`"


def _duration(ms: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if ms and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"
