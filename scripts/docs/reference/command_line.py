"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, get_args

import typer
from awaken.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Code, or an option that is not within some.
_NAMED_OPTION: Final = re.compile(r"`[^`]*`|(?<![\w-])(--[a-z][a-z0-9-]*)")


def write_pages() -> dict[str, str]:
    """Return the pages by their names below `docs/reference`."""
    lines = ["# The command line", "", *_paragraphs(typer.main.get_command(app)), ""]
    found = [*commands()]
    lines += ["| command | |", "| --- | --- |"]
    lines += [f"| [`{name}`](#{name.replace(' ', '-')}) | {_first(command)} |" for name, command in found]
    lines += [
        "",
        "Every command prints its options for `--help`. An option has precedence over its variable.",
        "",
    ]
    for name, command in found:
        lines += [f"## {name}", "", *_paragraphs(command), "", "```text", _usage(name, command), "```", ""]
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        if arguments:
            lines += ["| argument | |", "| --- | --- |"]
            lines += [f"| `{_metavar(one)}` | {cell(one.help or '')} |" for one in arguments]
            lines.append("")
        options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
        if options:
            lines += ["| option | default | variable | |", "| --- | --- | --- | --- |"]
            lines += [
                f"| {_spelling(one)} | {default(one)} | {'<br>'.join(f'`{name}`' for name in variables(one))} "
                f"| {cell(about(one))} |"
                for one in options
            ]
            lines.append("")
    return {"command-line.md": "\n".join(lines)}


def commands() -> Iterator[tuple[str, Any]]:
    """Return every command that does something, by its whole name."""
    yield from _below("awaken", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for key, child in children.items():
        yield from _below(f"{name} {key}", child)


def variables(option: Any) -> list[str]:
    """Return the variables of the environment that an option reads."""
    given = option.envvar or []
    return [given] if isinstance(given, str) else list(given)


def about(option: Any) -> str:
    """Return the help of an option without the default, which has a column of its own."""
    return str(option.help or "").partition("  [default:")[0]


def default(option: Any) -> str:
    """Return what holds if an option is not given, as code, or nothing."""
    _, found, rest = str(option.help or "").partition("  [default: ")
    if found:
        return f"`{rest.removesuffix(']')}`"
    if isinstance(option.show_default, str):
        return f"`{option.show_default}`"
    if option.required:
        return "required"
    value = option.default
    if value is None or value == "" or isinstance(value, bool) or callable(value) or value in ([], ()):
        return ""
    return f"`{getattr(value, 'value', value)}`"


def cell(text: str) -> str:
    """Return a text for a cell of a table, with the options that it names as code."""
    text = " ".join(text.split()).replace("|", "\\|")
    return _NAMED_OPTION.sub(lambda found: f"`{found[1]}`" if found[1] else found[0], text)


def _spelling(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return names if option.is_flag else f"{names} `{_metavar(option)}`"


def _metavar(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    kind = parameter.type_descriptor.annotation
    kinds = [one for one in get_args(kind) if one is not type(None)] or [kind]
    if isinstance(kinds[0], type) and issubclass(kinds[0], Enum):
        return "\\|".join(str(one.value) for one in kinds[0])
    return str(parameter.name if parameter.param_type_name == "argument" else kinds[0].__name__).upper()


def _usage(name: str, command: Any) -> str:
    parts = [name, "[OPTIONS]"]
    for one in command.params:
        if one.param_type_name == "argument":
            text = _metavar(one).removesuffix("...") + ("..." if one.nargs == -1 else "")
            parts.append(text if one.required else f"[{text}]")
    return " ".join(parts)


def _first(command: Any) -> str:
    return cell((command.help or "").split("\n\n")[0])


def _paragraphs(command: Any) -> list[str]:
    text = str(command.help or "")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).splitlines()
