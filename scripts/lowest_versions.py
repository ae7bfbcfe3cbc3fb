"""Print the lowest version that `pyproject.toml` allows of each dependency, as constraints for pip.

`make test-minimum` installs them, to show that the lower bounds are true.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1] / "pyproject.toml"
#: A name and its lower bound; a marker may follow.
_BOUND: Final = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)(?:,[^;]*)?(?:;.*)?$")


def lowest_versions(requirements: list[str]) -> list[str]:
    """Return one constraint for each requirement.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    constraints = []
    for requirement in requirements:
        found = _BOUND.match(requirement)
        if found is None:
            raise ValueError(f"{requirement!r} in {PROJECT.name} has no lower bound; write NAME>=VERSION")
        constraints.append(f"{found[1]}=={found[2]}")
    return constraints


def main() -> None:
    """Print the constraints for the extras that are named, and for what is always installed."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = [text for extra in sys.argv[1:] for text in project["optional-dependencies"][extra]]
    sys.stdout.write("\n".join(lowest_versions([*project["dependencies"], *extras])) + "\n")


if __name__ == "__main__":
    main()
