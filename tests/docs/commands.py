"""The commands in a console block, each with what the page shows below it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.docs.page import Block


@dataclass(slots=True)
class Command:
    """A command, and what is shown below it."""

    #: Number of its line in the page.
    line: int
    #: Empty if the block continues the output of the command that was started last.
    text: str
    shown: list[str] = field(default_factory=list)
    #: Whether Ctrl-C is pressed below it, in what was started last and still runs.
    is_interrupted: bool = False
    #: What is shown below that.
    shown_at_end: list[str] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "\n".join(self.shown)


def read_commands(block: Block) -> list[Command]:
    """Return the commands of a block in their order."""
    commands: list[Command] = []
    is_open = False
    until: str | None = None
    for number, line in enumerate(block.text.splitlines(), block.line):
        if until is not None or is_open:
            commands[-1].text += "\n" + line.removeprefix("> ")
        elif line.startswith("$ "):
            commands.append(Command(number, line[2:]))
        elif line.strip() == "^C":
            if not commands:
                commands.append(Command(number, ""))
            commands[-1].is_interrupted = True
            continue
        else:
            if not commands:
                commands.append(Command(number, ""))
            last = commands[-1]
            (last.shown_at_end if last.is_interrupted else last.shown).append(line)
            continue
        text = commands[-1].text
        if until is None and "<<" in text:
            until = text.split("<<", 1)[1].strip().split()[0].strip("'\"-")
        elif until is not None and line.removeprefix("> ").strip() == until:
            until = None
        is_open = until is None and text.endswith("\\")
    return commands
