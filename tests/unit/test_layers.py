"""Who may import whom: data flows one way, and the imports show it.

Imports for type checkers count as well: a circle of types is a circle all the same.
"""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "python" / "awaken"

#: Bottom up. A module imports from its own part and from the layers below; the parts of one layer are strangers.
LAYERS: list[set[str]] = [
    {"_core"},
    {"approvals", "errors", "exchange", "metrics", "outcomes", "scaffold"},
    {"timing"},
    {"diagnostics"},
    {"serde", "transports", "links", "pages"},
    {"handler", "messages"},
    {"context", "client", "notify"},
    {"service", "control"},
    {"endpoint", "callbacks"},
    {"runtime", "telemetry", "ext"},
    {"inbox"},
    {"hosting"},
    {"testing"},
    {"cli"},
]
#: Names that the official SDK gave, and other names for applications: what is inside imports what they stand for.
FACE = {
    "asyncio",
    "client_types",
    "context_managers",
    "entry_codec",
    "exceptions",
    "extensions",
    "harness",
    "logging",
    "object",
    "retry_policy",
    "serve",
    "server_context",
    "server_types",
    "types",
    "vm",
    "workflow",
}
#: Inside the runtime, bottom up: callers enter above the processor, which alone decides what tables write to the store;
#: the invoker opens the attempts that the processor asks for.
LAYERS_OF_THE_RUNTIME: list[set[str]] = [
    {
        "attempt_failure",
        "bodies",
        "callers",
        "clock",
        "connected",
        "described_sleep",
        "durations",
        "errors",
        "identifiers",
        "identity_key",
        "sizes",
    },
    {"schema", "server_version"},
    {"admission", "events", "server_settings", "supervisor"},
    {"measures", "settings"},
    {"store"},
    {"deployments", "tables"},
    {"processor"},
    {"invoker"},
    {"load", "query"},
    {"runtime_operations"},
    {"runtime"},
    {"admin", "ingress"},
]
#: Beginnings of statements that change rows.
WRITING_STATEMENTS = ("INSERT ", "UPDATE ", "DELETE ", "REPLACE ")
#: The embedded runtime knows endpoints as bytes on an exchange only, also those of its own process.
STRANGERS_OF_THE_RUNTIME = {"endpoint", "context", "service", "handler", "transports", "client"}


def module_of(path: Path) -> str:
    """Return a file's module below the package, for example `runtime.store` for `runtime/store/__init__.py`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py") if "control/v1" not in path.as_posix()}
MODULES.pop("")


def imports_of(module: str) -> set[str]:
    """Return the modules of the package that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "awaken":
            origin = node.module.removeprefix("awaken").removeprefix(".")
            for alias in node.names:
                inner = f"{origin}.{alias.name}".strip(".")
                found.add(inner if inner in MODULES or not origin else origin)
        if isinstance(node, ast.Import):
            found.update(
                alias.name.removeprefix("awaken.") for alias in node.names if alias.name.startswith("awaken.")
            )
    return found - {module}


IMPORTS = {module: imports_of(module) for module in sorted(MODULES)}


def part_of(module: str) -> str:
    return module.split(".")[0]


def layer_of(module: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if part_of(module) in layer)


def test_every_part_has_a_layer() -> None:
    parts = {part_of(module) for module in MODULES if module not in FACE}

    assert parts <= set().union(*LAYERS), "give the others a layer in LAYERS, or add them to FACE"


def test_imports_point_down() -> None:
    offences = [
        f"awaken.{module} imports awaken.{other}"
        for module, imported in IMPORTS.items()
        for other in sorted(imported - FACE)
        if module not in FACE and part_of(module) != part_of(other) and layer_of(other) >= layer_of(module)
    ]

    assert offences == []


def test_nothing_inside_imports_the_face() -> None:
    offences = [
        f"awaken.{module} imports awaken.{other}; import what it stands for"
        for module, imported in IMPORTS.items()
        for other in sorted(imported & FACE)
        if module not in FACE
    ]

    assert offences == []


def test_runtime_knows_no_endpoint() -> None:
    offences = [
        f"awaken.{module} imports awaken.{other}"
        for module, imported in IMPORTS.items()
        for other in sorted(imported)
        if part_of(module) == "runtime" and part_of(other) in STRANGERS_OF_THE_RUNTIME
    ]

    assert offences == []


def test_imports_point_down_inside_the_runtime() -> None:
    def layer_inside(module: str) -> int:
        part = module.split(".")[1]
        return next(index for index, layer in enumerate(LAYERS_OF_THE_RUNTIME) if part in layer)

    inside = {module for module in MODULES if module.startswith("runtime.")}
    parts = {module.split(".")[1] for module in inside}
    assert parts <= set().union(*LAYERS_OF_THE_RUNTIME), "give the others a layer in LAYERS_OF_THE_RUNTIME"
    offences = [
        f"awaken.{module} imports awaken.{other}"
        for module in sorted(inside)
        for other in sorted(IMPORTS[module] & inside)
        if module.split(".")[1] != other.split(".")[1] and layer_inside(other) >= layer_inside(module)
    ]

    assert offences == []


def test_rows_are_written_in_tables_alone() -> None:
    parts = [part for layer in LAYERS_OF_THE_RUNTIME for part in layer if part not in ("query", "tables")]
    offences = [
        f"awaken.{module}, line {node.lineno}: {node.value}"
        for module, path in MODULES.items()
        if module.startswith(tuple(f"runtime.{part}" for part in parts))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(WRITING_STATEMENTS)
    ]

    assert offences == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(IMPORTS) == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        stack.append(module)
        for other in graph.get(module, set()) & graph.keys():
            if other not in index:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], index[other])
        if lowest[module] == index[module]:
            place = stack.index(module)
            group = stack[place:]
            del stack[place:]
            if len(group) > 1:
                found.append(sorted(group))

    for module in graph:
        if module not in index:
            visit(module)
    return found
