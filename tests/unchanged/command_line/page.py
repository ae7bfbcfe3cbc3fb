"""The table of subcommands in the documentation, from what the tests compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unchanged.command_line import not_tried
from tests.unchanged.command_line.differences import LISTED
from tests.unchanged.command_line.surface import used_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.unchanged.command_line.differences import Difference
    from tests.unchanged.command_line.surface import Subcommand

#: What no comparison of output shows, by the subcommands.
NOTES = {
    # These lines are taken out of the output of both before it is compared.
    "`invocations list`, `describe`, `services status`": "the server shows a made-up idempotency key for each request "
    "that had none; ours shows none",
    # The command line says that it has resumed the invocation, whatever the runtime answers.
    "`invocations resume --deployment`": "a deployment that lacks the service is refused, where the server moves the "
    "invocation to it, and its attempts fail; the command line reports success in both cases",
}
HEAD = ["| `restate ...` | on the embedded runtime |", "| --- | --- |"]


def render(root: Subcommand) -> str:
    """Render the table as Markdown: what is the same, what differs and why, and what asks no runtime."""
    leaves = [leaf.name for leaf in root.leaves()]
    refused = {name for difference in LISTED if difference.exit_codes for name in _used(root, difference)}
    different = {name for difference in LISTED for name in _used(root, difference)}
    compared = [
        name for name in leaves if name.split()[0] not in not_tried.SUBCOMMANDS and name not in refused
    ]
    rows = [
        *(
            (_named(names), "the same, except as below" if different & {*names} else "the same")
            for names in _by_group(compared)
        ),
        *NOTES.items(),
        *((_named(_used(root, difference)), difference.reason) for difference in LISTED),
        *((f"`{name}`", f"not tried: {reason}") for name, reason in not_tried.SUBCOMMANDS.items()),
    ]
    return "\n".join([*HEAD, *(f"| {left} | {right} |" for left, right in rows)])


def _by_group(names: Iterable[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.split()[0], []).append(name)
    return list(groups.values())


def _used(root: Subcommand, difference: Difference) -> list[str]:
    return list(dict.fromkeys(used_by(root, command)[0] for command in difference.commands))


def _named(names: list[str]) -> str:
    """Name subcommands, and the first word of a group only once: `services list`, `describe`."""
    shortened = [
        name if number == 0 else name.partition(" ")[2]
        for group in _by_group(names)
        for number, name in enumerate(group)
    ]
    return ", ".join(f"`{name}`" for name in shortened)
