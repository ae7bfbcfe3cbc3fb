"""Public names of the package, read from its source without importing it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import griffe

from scripts.docs.places import ROOT
from scripts.docs.reference.topics import TOPICS, Topic

# Annotations in docstrings are not the place for types here, about which griffe would complain.
logging.getLogger("griffe").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Name:
    """A public name, with where to import it from."""

    module: str
    name: str
    object: Any

    @property
    def path(self) -> str:
        """Where to import it from, and its name."""
        return f"{self.module}.{self.name}"


class Package:
    """The package, and where its public names are documented."""

    @cached_property
    def _root(self) -> Any:
        return griffe.load("awaken", search_paths=[str(ROOT / "python")], resolve_aliases=True)

    @cached_property
    def pages(self) -> dict[str, list[Name]]:
        """The names on each page, by its file; each name once."""
        seen: set[str] = set()
        pages: dict[str, list[Name]] = {}
        for topic in TOPICS:
            names = pages[topic.file] = []
            for name in self._names(topic):
                if name.object.path not in seen:
                    seen.add(name.object.path)
                    names.append(name)
        return pages

    @cached_property
    def places(self) -> dict[str, str]:
        """The page of each documented object, by its path."""
        return {name.object.path: file for file, names in self.pages.items() for name in names}

    @cached_property
    def by_name(self) -> dict[str, tuple[str, Name]]:
        """Page and object of each documented name, without its module."""
        return {name.name: (file, name) for file, names in self.pages.items() for name in names}

    def exports(self, module: str) -> dict[str, Any]:
        """Return the public names of a module, and what they are."""
        found = self._root if module == "awaken" else self._root[module]
        return {str(name): _resolve(found[str(name)]) for name in found.exports or []}

    def _names(self, topic: Topic) -> list[Name]:
        found = []
        for text in topic.names:
            module, _, only = text.partition(":")
            exports = self.exports(module)
            names = [only] if only else exports
            found += [Name(self._place(module, name, exports[name]), name, exports[name]) for name in names]
        return found

    def _place(self, module: str, name: str, found: Any) -> str:
        """Return the module from which one imports a name: the package itself, if that has it."""
        top = self.exports("awaken")
        is_top = module == "awaken" or (name in top and top[name].path == found.path)
        return "awaken" if is_top else f"awaken.{module}"


def _resolve(found: Any) -> Any:
    found = found.final_target if found.is_alias else found
    # `awaken.telemetry.instrument` is a function in a module of its name.
    return _resolve(found[found.name]) if found.is_module and found.name in found.members else found
