"""How many files a process may open."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 400))
from awaken.hosting.open_files import allow_many_files, most_connections
before = most_connections()
allow_many_files()
print(before, most_connections(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_as_many_files_as_the_system_grants_are_asked_for() -> None:
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout

    assert told.split() == ["16", "100", "400", "400"]
