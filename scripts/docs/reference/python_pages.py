"""The reference of the Python package, one page for each topic, from signatures and docstrings."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from scripts.docs.reference.python_names import Name, Package
from scripts.docs.reference.topics import OTHER_PLACES, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import griffe

#: Columns of a signature in one line.
_WIDTH: Final = 88


def write_pages() -> dict[str, str]:
    """Return the pages by their names below `docs/reference`."""
    package = Package()
    pages = {
        f"python/{topic.file}.md": _Page(package, topic.file).write(
            topic.title, topic.about, package.pages[topic.file]
        )
        for topic in TOPICS
    }
    return pages | {
        "python/index.md": _write_index(package),
        "python/other-places.md": _write_other_places(package),
    }


def _write_index(package: Package) -> str:
    lines = [
        "# Python",
        "",
        "Every public name, from the docstrings of the code. Import names from where they are shown.",
        "",
    ]
    for topic in TOPICS:
        names = package.pages[topic.file]
        lines += [f"## {topic.title}", "", f"{topic.about} [All of it]({topic.file}.md).", ""]
        lines += ["| name | |", "| --- | --- |"]
        page = _Page(package, "index")
        lines += [
            f"| [`{name.path.removeprefix('awaken.')}`]({topic.file}.md#{_slug(name.name)}) | "
            f"{page.prose(_summary(name.object)).replace('|', chr(92) + '|')} |"
            for name in names
        ]
        lines.append("")
    return "\n".join(lines)


def _write_other_places(package: Package) -> str:
    lines = [
        "# Other places of names",
        "",
        "Applications of the official SDK import names from these modules. They are the same objects.",
        "",
        "| from | is |",
        "| --- | --- |",
    ]
    for module in OTHER_PLACES:
        for name, found in package.exports(module).items():
            file = package.places.get(found.path)
            if file is None:
                lines.append(
                    f"| `awaken.{module}.{name}` | {_summary(found) or 'an alias for annotations'} |"
                )
            else:
                other = next(one for one in package.pages[file] if one.object.path == found.path)
                if other.path != f"awaken.{module}.{name}":
                    lines.append(
                        f"| `awaken.{module}.{name}` | [`{other.path}`]({file}.md#{_slug(other.name)}) |"
                    )
    return "\n".join([*lines, ""])


class _Page:
    def __init__(self, package: Package, file: str) -> None:
        self._package = package
        self._file = file

    def write(self, title: str, about: str, names: list[Name]) -> str:
        lines = [f"# {title}", "", about, ""]
        for name in names:
            lines += self._name(name)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"

    def _name(self, name: Name) -> Iterator[str]:
        found = name.object
        yield from (f"## {name.name}", "", "```pyi")
        if found.is_class:
            yield from self._class_signature(name)
        elif found.is_function:
            yield from _signatures(found, name.path)
        else:
            value = f" = {found.value}" if found.value is not None else ""
            yield f"{name.path}{value}"
        yield from ("```", "")
        yield from self._docstring(found)
        if found.is_class:
            yield from self._members(name)

    def _class_signature(self, name: Name) -> Iterator[str]:
        found = name.object
        parsed = found.docstring.parse("google", warnings=False) if found.docstring else []
        is_made_by_users = any(section.kind.value == "parameters" for section in parsed)
        if not is_made_by_users and "dataclass" not in found.labels:
            yield f"class {name.path}"
            return
        yield from _fold(f"class {name.path}", [one for one in found.parameters if one.name != "self"], "")

    def _members(self, name: Name) -> Iterator[str]:
        found, documented = name.object, []
        members: dict[str, Any] = {}
        for base in [found, *found.mro()]:
            if base is not found and base.path in self._package.places:
                documented.append(base)
                continue
            for key, member in base.members.items():
                if (
                    not key.startswith("_")
                    and not member.is_alias
                    and (member.is_function or member.is_attribute)
                ):
                    members.setdefault(key, member)
        # What a documented base has is on its own page.
        hidden = {key for base in documented for key in base.all_members}
        shown = {key: one for key, one in members.items() if key not in hidden or one.parent is found}
        attributes = {key: one for key, one in shown.items() if one.is_attribute and _about(one)}
        if documented:
            links = ", ".join(self._link(base) for base in documented)
            yield from (f"It also has what {links} has.", "")
        if attributes:
            yield from ("| attribute | type | |", "| --- | --- | --- |")
            for key, one in attributes.items():
                kind = str(one.annotation or "").replace("|", "\\|")
                text = self.prose(_about(one)).replace("\n\n", " ").replace("\n", " ").replace("|", "\\|")
                yield f"| `{key}` | {f'`{kind}`' if kind else ''} | {text} |"
            yield ""
        for key, one in shown.items():
            if one.is_function:
                yield from (f"### {name.name}.{key}", "", "```pyi", *_signatures(one, key), "```", "")
                yield from self._docstring(one)

    def _docstring(self, found: Any) -> Iterator[str]:
        docstring = _inherited_docstring(found)
        if docstring is None:
            return
        for section in docstring.parse("google", warnings=False):
            match section.kind.value:
                case "text":
                    yield from (self.prose(section.value.replace("```python", "```pyi")), "")
                case "parameters" | "attributes" | "other parameters":
                    yield from (
                        "**Arguments**" if section.kind.value != "attributes" else "**Attributes**",
                        "",
                    )
                    for one in section.value:
                        # Without a link: the name is that of the argument, whatever else is called like that.
                        yield self._item(f"`{one.name}`: {self.prose(one.description)}")
                    yield ""
                case "returns" | "yields":
                    text = " ".join(
                        f"{one.name}: {one.description}" if one.name else one.description
                        for one in section.value
                    )
                    yield from (f"**{section.kind.value.capitalize()}** " + self.prose(text), "")
                case "raises" | "warns":
                    yield from ("**Raises**", "")
                    for one in section.value:
                        yield self._item(self.prose(f"`{one.annotation}`: {one.description}"))
                    yield ""
                case "examples":
                    for _, text in section.value:
                        yield from (self.prose(text.replace("```python", "```pyi")), "")
                case "admonition":
                    yield from (f"**{section.title or 'Note'}** " + self.prose(section.value.description), "")

    @staticmethod
    def _item(text: str) -> str:
        return textwrap.indent(text, "  ").replace("  ", "- ", 1)

    def prose(self, text: str) -> str:
        """Return a text in which names that are documented are links."""
        return re.sub(r"(?<!\[)`([A-Za-z_][\w.]*)`(?!\])", self._linked, text.strip())

    def _linked(self, span: re.Match[str]) -> str:
        name, _, member = span[1].removeprefix("awaken.").partition(".")
        known = self._package.by_name.get(name)
        if known is None:
            return span.group()
        file, documented = known
        if not member:
            anchor = _slug(name)
        elif documented.object.is_class and "." not in member and member in documented.object.members:
            is_heading = documented.object.members[member].is_function
            anchor = _slug(f"{name}.{member}" if is_heading else name)
        else:
            return span.group()
        return f"[`{span[1]}`]({'' if file == self._file else f'{file}.md'}#{anchor})"

    def _link(self, found: Any) -> str:
        file = self._package.places[found.path]
        return f"[`{found.name}`]({'' if file == self._file else f'{file}.md'}#{_slug(found.name)})"


def _signatures(found: Any, name: str) -> Iterator[str]:
    for one in found.overloads or [found]:
        kind = "async def" if "async" in one.labels else "def"
        decorated = [label for label in ("staticmethod", "classmethod") if label in one.labels]
        yield from (f"@{label}" for label in decorated)
        parameters = [each for each in one.parameters if each.name not in ("self", "cls")]
        yield from _fold(
            f"{kind} {name}", parameters, f" -> {one.returns}" if one.returns is not None else ""
        )


def _fold(head: str, parameters: list[Any], tail: str) -> Iterator[str]:
    texts, star = [], False
    for number, one in enumerate(parameters):
        kind = one.kind.value if one.kind else ""
        if kind == "keyword-only" and not star:
            texts.append("*")
            star = True
        star = star or kind == "variadic positional"
        prefix = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        annotation = f": {one.annotation}" if one.annotation is not None else ""
        default = (
            "" if one.default is None or prefix else f" = {one.default}" if annotation else f"={one.default}"
        )
        texts.append(f"{prefix}{one.name}{annotation}{default}")
        after = parameters[number + 1] if number + 1 < len(parameters) else None
        if kind == "positional-only" and (after is None or after.kind.value != "positional-only"):
            texts.append("/")
    line = f"{head}({', '.join(texts)}){tail}"
    if len(line) <= _WIDTH:
        yield line
    else:
        yield from (f"{head}(", *(f"    {text}," for text in texts), f"){tail}")


def _inherited_docstring(found: Any) -> griffe.Docstring | None:
    if found.docstring is not None or not found.parent or not found.parent.is_class:
        return found.docstring  # type: ignore[no-any-return]
    for base in found.parent.mro():
        member = base.members.get(found.name)
        if member is not None and member.docstring is not None:
            return member.docstring  # type: ignore[no-any-return]
    return None


def _about(found: Any) -> str:
    """Return the text of an attribute: its docstring, or the comment with a colon above it."""
    docstring = _inherited_docstring(found)
    if docstring is not None:
        return str(docstring.value)
    if found.lineno is None:
        return ""
    lines = found.lines_collection[found.filepath]
    comment: list[str] = []
    number = found.lineno - 2
    while number >= 0 and lines[number].strip().startswith("#:"):
        comment.insert(0, lines[number].strip().removeprefix("#:").strip())
        number -= 1
    return " ".join(comment)


def _summary(found: Any) -> str:
    text = str(found.docstring.value) if found.docstring else _about(found) if found.is_attribute else ""
    return " ".join(text.split("\n\n")[0].split())


def _slug(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lower())
