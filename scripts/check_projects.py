"""Lint, format and type check what `awaken new` makes: `python scripts/check_projects.py`.

Ruff has its defaults there, and mypy is strict.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from awaken.scaffold.project import create_project
from awaken.scaffold.template_name import Template

#: Names of usual and greatest length, which change where lines end.
NAMES = {Template.MINIMAL: "orders", Template.APPROVALS: "my-expenses", Template.FASTAPI: "o" * 40}


def main() -> int:
    """Return 1 if a checker complains."""
    with tempfile.TemporaryDirectory() as folder:
        projects = [
            create_project(name, template, Path(folder, name)).directory for template, name in NAMES.items()
        ]
        commands = [
            ["ruff", "check", "--quiet"],
            ["ruff", "format", "--check", "--quiet", "--diff"],
            ["mypy", "--strict", "--config-file=", "--no-error-summary", "."],
        ]
        failed = [
            command
            for project in projects
            for command in commands
            if subprocess.run([sys.executable, "-m", *command], cwd=project, check=False).returncode
        ]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
