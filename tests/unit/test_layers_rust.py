"""Which Rust module may use which: the table in each `lib.rs` is true, and no two files depend on each other."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

CRATES = Path(__file__).parents[2] / "rust"
#: Modules of one crate that know each other only as bytes.
STRANGERS = {("core", "endpoint"): {"invoker"}, ("core", "invoker"): {"endpoint"}}

#: The name of a module, from the root of its crate; the root itself is empty.
Module = tuple[str, ...]

#: What looks like code but is not: comments, strings and character literals.
QUIET = re.compile(r"""//[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)'""")
TESTS = re.compile(r"#\[cfg\(test\)\]\s*mod tests \{.*", re.DOTALL)
#: `use` with its whole tree, or a path written in the middle of the code.
USED = re.compile(r"\buse\s+([^;]+);|\b((?:crate|super|self)(?:::\w+)+)")
ROW = re.compile(r"^//! \| \[`(\w+)`\] \|", re.MULTILINE)


def modules_of(crate: str) -> dict[Module, str]:
    """Return the code of every module of a crate, without comments, strings and tests."""
    root = CRATES / crate / "src"
    found = {}
    for path in root.rglob("*.rs"):
        name = path.relative_to(root).with_suffix("").parts
        if name[-1] == "tests":
            continue
        if "generated" in name:
            found[name[:-1]] = ""
            continue
        if name[-1] in ("mod", "lib"):
            name = name[:-1]
        found[name] = QUIET.sub("''", TESTS.sub("", path.read_text()))
    return found


def flatten(tree: str) -> list[Module]:
    """Return the paths of a use tree: `a::{b, c::d}` is `a::b` and `a::c::d`."""
    tree = re.sub(r"\s+as\s+\w+|\s", "", tree)
    prefix, brace, inner = tree.partition("{")
    if not brace:
        return [tuple(tree.split("::"))]
    head = tuple(part for part in prefix.split("::") if part)
    branches, depth = [""], 0
    for character in inner.removesuffix("}"):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            branches.append("")
        else:
            branches[-1] += character
    return [head + path for branch in branches if branch for path in flatten(branch)]


def resolve(path: Module, user: Module, modules: dict[Module, str]) -> Module | None:
    """Return the module that a path of `user` leads to, or None when it leads out of the crate."""
    base: Module = ()
    if path[0] == "crate":
        rest = path[1:]
    elif path[0] in ("super", "self"):
        base, rest = user, path
        while rest[:1] == ("super",):
            base, rest = base[:-1], rest[1:]
        rest = rest[1:] if rest[:1] == ("self",) else rest
    elif (*user, path[0]) in modules:
        base, rest = user, path
    else:
        return None
    target = base
    for part in rest:
        if (*target, part) not in modules:
            break
        target = (*target, part)
    return target


def used_by(user: Module, modules: dict[Module, str]) -> set[Module]:
    used: set[Module | None] = set()
    for tree, inline in USED.findall(modules[user]):
        paths = flatten(tree) if tree else [tuple(inline.split("::"))]
        used.update(resolve(path, user, modules) for path in paths)
    return {module for module in used if module is not None} - {user}


def title(module: Module) -> str:
    return "::".join(("crate", *module))


@pytest.mark.parametrize("crate", ["core", "http2", "binding"])
def test_no_two_files_depend_on_each_other(crate: str) -> None:
    modules = modules_of(crate)
    graph = TopologicalSorter({module: used_by(module, modules) for module in modules})

    try:
        graph.prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " <- ".join(title(module) for module in error.args[1]))


@pytest.mark.parametrize("crate", ["core", "http2", "binding"])
def test_a_row_of_the_table_uses_only_the_rows_above_it(crate: str) -> None:
    modules = modules_of(crate)
    rows = ROW.findall((CRATES / crate / "src" / "lib.rs").read_text())
    assert sorted(rows) == sorted(name for (name, *inner) in filter(None, modules) if not inner)

    offences = []
    for user in filter(None, modules):
        allowed = {*rows[: rows.index(user[0]) + 1]} - STRANGERS.get((crate, user[0]), set())
        used = {module for module in used_by(user, modules) if module}
        offences += [f"{title(user)} uses {title(module)}" for module in used if module[0] not in allowed]
    assert offences == []
