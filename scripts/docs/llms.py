"""`llms.txt` and `llms-full.txt`: the site for programs that read Markdown, in the order of its navigation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from scripts.docs.places import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation."""

    section: str
    name: str


def navigation(settings: Path = SETTINGS) -> list[Entry]:
    """Return the pages in the order of the navigation."""
    return [*_entries(yaml.safe_load(settings.read_text())["nav"], "")]


def _entries(items: list[Any], section: str) -> list[Entry]:
    found: list[Entry] = []
    for item in items:
        title, value = next(iter(item.items())) if isinstance(item, dict) else ("", item)
        if isinstance(value, list):
            found += _entries(value, section or title)
        else:
            found.append(Entry(section, value))
    return found


def write_texts(staged: Path, site: Path) -> None:
    """Write both files, and each page as Markdown beside its HTML."""
    settings = yaml.safe_load(SETTINGS.read_text())
    index = [f"# {settings['site_name']}", "", f"> {settings['site_description']}", ""]
    index += ["The whole site in one file: [llms-full.txt](llms-full.txt)", ""]
    whole: list[str] = []
    section = ""
    for entry in navigation():
        text = (staged / entry.name).read_text()
        if entry.section != section:
            section = entry.section
            index += ["", f"## {section}", ""]
        index.append(f"- [{_title(text)}]({entry.name}): {_first_sentence(text)}")
        whole += [f"<!-- {entry.name} -->", text.strip(), ""]
        copy = site / entry.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    (site / "llms.txt").write_text("\n".join(index).replace("\n\n\n", "\n\n") + "\n")
    (site / "llms-full.txt").write_text("\n".join(whole))


def _title(text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _first_sentence(text: str) -> str:
    """Return how the prose of a page begins, without its links."""
    for paragraph in re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).split("\n\n"):
        words = " ".join(paragraph.split())
        if words and not words.startswith(("#", "|", "!", "<", "-", ">")):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", words)
            return re.split(r"(?<=[.:!?]) ", plain)[0].rstrip(":")
    return ""
