"""Play the demo in a temporary directory. Exits with 0 if every step went as described, else with a reason."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from examples.demo.embedded import EmbeddedEngine
from examples.demo.server import ServerEngine
from examples.demo.stage import DemoError
from examples.demo.story import play


def main() -> None:
    """Start everything on free ports, check each answer, and leave nothing behind."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--server", action="store_true", help="show it on the real Restate server, from npm")
    is_on_server = parser.parse_args().server
    if shutil.which("curl") is None:
        sys.exit("demo: curl is not on the PATH; install it first")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("demo: stopped by SIGTERM"))
    with tempfile.TemporaryDirectory(prefix="awaken-demo-") as name:
        directory = Path(name)
        try:
            with ExitStack() as processes:
                make = ServerEngine if is_on_server else EmbeddedEngine
                play(make(directory, processes), directory)
        except (DemoError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            logs = "".join(f"\n--- {log.name}\n{log.read_text()[-3000:]}" for log in directory.glob("*.log"))
            sys.exit(f"\ndemo: {error}{logs}")


if __name__ == "__main__":
    main()
