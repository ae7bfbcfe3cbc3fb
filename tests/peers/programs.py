"""Random programs of durable operations, for `applications/interpreter.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

names = st.sampled_from(["a", "b", "ü", "a longer name"])
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1000, 1000),
    st.text(max_size=5),
    st.lists(st.integers(0, 9), max_size=2),
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
milliseconds = st.integers(0, 3)


def _operation(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(st.just(name), *arguments).map(list)


simple = st.one_of(
    _operation("run", names, values),
    _operation("run in vain", names, texts),
    _operation("sleep", milliseconds, names),
    _operation("call", values),
    _operation("call in vain", texts),
    _operation("resolve own", values),
    _operation("reject own", texts, st.sampled_from([400, 500, 555])),
)
state = st.one_of(
    _operation("get", names),
    _operation("set", names, values),
    _operation("clear", names),
    _operation("clear all"),
    _operation("keys"),
)
elsewhere = st.one_of(
    _operation("send", values, milliseconds),
    _operation("send and attach", values),
    _operation("send and cancel", values),
    _operation("call object", names.filter(str.isascii), st.lists(st.one_of(simple, state), max_size=3)),
)
control = st.one_of(
    _operation("stumble"),
    _operation("await outside"),
    _operation("fail", texts),
    _operation("together", st.lists(simple, min_size=2, max_size=4)),
)
promises = st.one_of(
    _operation("resolve promise", names, values),
    _operation("reject promise", names, texts),
    _operation("peek promise", names),
    _operation("await promise", names, values),
)

object_programs = st.lists(st.one_of(simple, state, elsewhere, control), min_size=3, max_size=12)
workflow_programs = st.lists(st.one_of(simple, state, control, promises), min_size=3, max_size=12)


def awakeables_from_outside(program: list[list[Any]]) -> Iterator[int]:
    """Yield the 0-based numbers of a program's awakeables that the test has to complete."""
    count = 0
    for name, *arguments in program:
        if name == "fail":
            return
        if name == "await outside":
            yield count
        if name in ("resolve own", "reject own", "await outside"):
            count += 1
        if name == "together":
            count += sum(inner[0] in ("resolve own", "reject own") for inner in arguments[0])
