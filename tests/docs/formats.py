"""Blocks that are not run: shell scripts, JSON, YAML and TOML, which must be well formed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any, Final

import typer
import yaml
from awaken.cli import app
from typer.core import TyperGroup

if TYPE_CHECKING:
    from tests.docs.page import Block

#: Languages about which nothing is checked.
FREE: Final = (
    "",
    "caddyfile",
    "diff",
    "dockerfile",
    "go",
    "html",
    "http",
    "ini",
    "javascript",
    "js",
    "jsonnet",
    "nginx",
    "promql",
    "proto",
    "pyi",
    "rust",
    "sql",
    "text",
    "ts",
    "typescript",
    "xml",
)

#: What command lines that make no sense raise; typer has no name for it.
_USAGE: Final[Any] = typer.BadParameter.__mro__[2]


def check_format(block: Block) -> str | None:
    """Return what is wrong with a block, or None."""
    match block.language:
        case "json":
            return _check_json(block.text)
        case "yaml" | "yml":
            return _catch(lambda: list(yaml.safe_load_all(block.text)), yaml.YAMLError)
        case "toml":
            return _catch(lambda: tomllib.loads(block.text), tomllib.TOMLDecodeError)
        case "sh" | "bash" | "shell":
            return _check_shell(block.text)
        case language if language in FREE:
            return None
        case language:
            return f"no rule says how blocks in {language!r} are checked; see FREE in tests/docs/formats.py"


def _check_json(text: str) -> str | None:
    if (problem := _catch(lambda: json.loads(text), json.JSONDecodeError)) is None:
        return None
    # Or one value a line.
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and _catch(lambda: [json.loads(line) for line in lines], json.JSONDecodeError) is None:
        return None
    return problem


def _check_shell(text: str) -> str | None:
    # Heredocs apart, a script may begin its commands with the prompt that a console shows.
    parsed = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    if parsed.returncode or parsed.stderr:
        return f"bash cannot read this: {parsed.stderr.strip()}"
    for line in text.replace("\\\n", " ").splitlines():
        if (
            found := re.search(r"(?:^|[;&|(] *|\bexec )(?:\w+=\S* )*awaken (?P<rest>[^|;&#)]*)", line.strip())
        ) is None:
            continue
        arguments = shlex.split(found["rest"].replace("$(", "").split(" >")[0])
        if problem := check_command_line(arguments):
            return f"`awaken {' '.join(arguments)}`: {problem}"
    return None


def check_command_line(arguments: list[str]) -> str | None:
    """Return why the command line of awaken does not take some arguments, or None."""
    command: Any = typer.main.get_command(app)
    context: Any = None
    try:
        while True:
            if any(option in arguments[:1] for option in ("--help", "--version", "-h")):
                return None
            context = command.make_context(command.name or "awaken", list(arguments), parent=context)
            if not isinstance(command, TyperGroup):
                return None
            _, found, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
            if found is None:
                return "no such command"
            command = found
    except typer.Exit:
        return None
    except _USAGE as error:
        return str(error.format_message())


def _catch(read: object, error: type[Exception]) -> str | None:
    assert callable(read)
    try:
        read()
    except error as problem:
        return str(problem)
    return None
