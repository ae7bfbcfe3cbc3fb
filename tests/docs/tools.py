"""What stands in for tools that fetch from registries: `pip install`, `python -m venv`, `npx @restatedev/...`.

The environment of the tests has awaken, built from this tree, and what its extras need. A page's `pip install` checks
that, instead of installing it again.
"""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from scripts.install_tools import install_command_line, install_server
from tests.docs.page import ROOT
from tests.e2e.server import BASE_SETTINGS

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z][\w.-]*)(?:\[(?P<extras>[\w, -]+)\])?(?P<version>[<>=!~].*)?")


def main(arguments: list[str]) -> int:  # noqa: RET503  # exec does not return
    """Do what a tool would do."""
    match arguments:
        case ["pip", "install", *rest]:
            return install([one for one in rest if not one.startswith("-")])
        case ["venv", *rest]:
            return create_environment(Path(rest[-1]))
        case ["@restatedev/restate-server", *rest]:
            port = {"BIND_PORT": "5122", "INGRESS__BIND_PORT": "8080", "ADMIN__BIND_PORT": "9070"}
            ports = {
                f"RESTATE_{name}": os.environ[f"AWAKEN_DOCS_PORT_{number}"] for name, number in port.items()
            }
            server = str(install_server())
            os.execve(
                server,
                [server, *rest],
                {**os.environ, **BASE_SETTINGS, "RESTATE_LOG_FILTER": "info", **ports},
            )
        case ["@restatedev/restate", *rest]:
            tool = str(install_command_line())
            os.execv(tool, [tool, *rest])
        case _:
            print(f"the tests of pages cannot do this: {' '.join(arguments)}", file=sys.stderr)
            return 2


def install(requirements: list[str]) -> int:
    """Check that packages are installed, and that awaken has the extras that are asked for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in requirements:
        found = _REQUIREMENT.fullmatch(requirement)
        if found is None:
            print(f"{requirement!r} is not a requirement", file=sys.stderr)
            return 2
        try:
            distribution(found["name"])
        except PackageNotFoundError:
            print(
                f"{found['name']} is not in the environment of the tests; see pyproject.toml", file=sys.stderr
            )
            return 1
        if found["name"] == "awaken":
            for extra in filter(None, re.split(r"[, ]+", found["extras"] or "")):
                if extra not in project["optional-dependencies"]:
                    print(f"awaken has no extra {extra!r}", file=sys.stderr)
                    return 1
    return 0


def create_environment(folder: Path) -> int:
    """Create a virtual environment that sees what is installed in this one."""
    venv.create(folder, symlinks=True)
    code = "import site; print(site.getsitepackages()[0])"
    packages = subprocess.run(
        [folder / "bin" / "python", "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    (Path(packages) / "tests.pth").write_text(
        "".join(f"import site; site.addsitedir({one!r})\n" for one in site.getsitepackages())
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
