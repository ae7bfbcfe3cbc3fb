"""Who may import whom: data flows one way, and the imports show it."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "python" / "awaken"

#: Bottom up. A module imports from its own layer's same folder and from layers below; the last group wires all.
LAYERS = [
    {
        "_core",
        "awakeable_facts",
        "development",
        "entry_codec",
        "errors",
        "exceptions",
        "exchange",
        "serde",
        "server_types",
        "time_limits",
        "tracebacks",
        "types",
        "usage",
        "vm",
        "wall_clock",
    },
    {
        *(
            "asyncio",
            "callback",
            "links",
            "context",
            "deadlines",
            "futures",
            "request",
            "runs",
            "scope",
            "state",
        ),
        *("extensions", "logging", "server_context", "watching"),
        *(
            "declarations",
            "definition",
            "handler",
            "object",
            "options",
            "retry_policy",
            "service",
            "signatures",
            "workflow",
        ),
    },
    {"client", "client_types", "endpoint", "transports", "runtime"},
    {"control", "embedded"},
    {"callbacks"},
    {"inbox"},
    {"application", "telemetry", "serve", "workers", "cli"},
    {"harness", "pytest_plugin", "testing"},
]
#: Folders of one layer that know each other only as bytes on an Exchange.
SIBLINGS = {"client", "endpoint", "transports", "runtime"}


def parts_of_the_package() -> set[str]:
    hidden = ("__init__.py", "__pycache__", "py.typed")
    return {path.name.split(".")[0] for path in PACKAGE.iterdir() if path.name not in hidden}


def imported_parts(path: Path) -> set[str]:
    """Return the parts of the package that a file imports when it runs, leaving out type-checking imports."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "awaken":
            pieces = node.module.split(".")
            found.update([pieces[1]] if len(pieces) > 1 else [alias.name for alias in node.names])
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[1] for alias in node.names if alias.name.startswith("awaken."))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def layer_of(part: str) -> int:
    for index, layer in enumerate(LAYERS):
        if part in layer:
            return index
    raise AssertionError(f"awaken.{part} has no layer; give it one in LAYERS")


def test_every_part_has_a_layer() -> None:
    for part in parts_of_the_package():
        layer_of(part)


def test_imports_point_down() -> None:
    offences = []
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE)
        part = relative.parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        for other in imported_parts(path) - {part}:
            is_sibling = part in SIBLINGS and other in SIBLINGS
            if layer_of(other) > layer_of(part) or is_sibling:
                offences.append(f"{relative} imports awaken.{other}")
    assert offences == []
