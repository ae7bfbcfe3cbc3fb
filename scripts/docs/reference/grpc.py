"""The gRPC control plane, from the comments of its definition in `proto`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from scripts.docs.places import ROOT

_FOLDER: Final = ROOT / "proto/awaken/control/v1"
_BLOCK: Final = re.compile(r"^(service|message|enum) (\w+) \{")
_METHOD: Final = re.compile(r"^rpc (\w+)\((stream )?([\w.]+)\) returns \((stream )?([\w.]+)\)")
_FIELD: Final = re.compile(r"^(?P<type>(?:optional |repeated )?[\w.]+(?:<[^>]+>)?) (?P<name>\w+) = \d+")
_VALUE: Final = re.compile(r"^([A-Z][A-Z0-9_]+) = \d+")


@dataclass(slots=True)
class _Part:
    """A service, a message or an enum, with its comment and its lines."""

    kind: str
    name: str
    comment: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)


def write_pages() -> dict[str, str]:
    """Return the pages by their names below `docs/reference`."""
    lines = [
        "# gRPC",
        "",
        "`awaken dev`, `awaken runtime` and `awaken gateway` serve the control plane:",
        "[how to use it](../how-to/grpc.md). Its definition is in `proto/awaken/control/v1`, and servers answer",
        "reflection. In Python, the",
        "[control client](python/control.md) speaks it.",
        "",
    ]
    files = {path.stem: path.read_text().splitlines() for path in sorted(_FOLDER.glob("*.proto"))}
    # What both services use comes last.
    for name in sorted(files, key=lambda name: (name == "common", name)):
        head, parts = _read(files[name])
        if name != "common":
            lines += [f"## {name.capitalize()}", "", head, ""]
        else:
            lines += ["## Messages of both", ""]
        for part in parts:
            lines += _write(part)
    return {"grpc.md": "\n".join(lines)}


def _write(part: _Part) -> list[str]:
    lines = [] if part.kind == "service" else [f"### {part.name}", ""]
    if part.comment:
        lines += [part.comment, ""]
    titles = {
        "service": ("| method | | |", "| --- | --- | --- |"),
        "message": ("| field | type | |", "| --- | --- | --- |"),
        "enum": ("| value | |", "| --- | --- |"),
    }[part.kind]
    if part.rows:
        lines += titles
        for name, kind, text in part.rows:
            cells = (f"`{name}`", text) if part.kind == "enum" else (f"`{name}`", kind, text)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return lines


def _read(lines: list[str]) -> tuple[str, list[_Part]]:
    """Return the comment at the head of a file, and its parts; nested ones come after what they are in."""
    parts: list[_Part] = []
    open_parts: list[_Part] = []
    comment: list[str] = []
    head = ""
    for line in map(str.strip, lines):
        if line.startswith("//"):
            comment.append(line.removeprefix("//").strip())
            continue
        text = _prose(comment)
        if line.startswith("syntax"):
            head = text
        elif block := _BLOCK.match(line):
            name = ".".join([*(one.name for one in open_parts if one.kind == "message"), block[2]])
            open_parts.append(_Part(block[1], name, text))
            parts.append(open_parts[-1])
            if line.endswith("}"):
                open_parts.pop()
        elif line.startswith("oneof"):
            open_parts.append(open_parts[-1])
        elif line.startswith("}"):
            open_parts.pop()
        elif open_parts and (method := _METHOD.match(line)):
            answer = f"{'stream of ' if method[4] else ''}[`{method[5]}`](#{method[5].lower()})"
            row = (method[1], f"[`{method[3]}`](#{method[3].lower()}), answers {answer}", text)
            open_parts[-1].rows.append(row)
        elif open_parts and (value := _VALUE.match(line)) and open_parts[-1].kind == "enum":
            open_parts[-1].rows.append((value[1], "", text))
        elif open_parts and (found := _FIELD.match(line)):
            open_parts[-1].rows.append((found["name"], f"`{found['type']}`", text))
        comment = []
    return head, parts


def _prose(comment: list[str]) -> str:
    return " ".join(line or "<br>" for line in comment).replace("|", "\\|")
