"""Install the locked versions that CI uses, and say so loudly if they cannot be had.

`python scripts/install_locked.py REQUIREMENTS MARK` writes the file MARK if it failed. The set-up then goes on with the
newest versions: a version that was withdrawn does not stop the work, and nobody takes it for a locked run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["main"]


def main(requirements: Path, mark: Path) -> None:
    """Install them."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--requirement",
        str(requirements),
    ]
    print(f"installing the versions of {requirements}", flush=True)
    mark.unlink(missing_ok=True)
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        return
    lines = (
        f"NOT LOCKED: the versions of {requirements} cannot be installed (pip ended with {status}, see above).",
        "Everything goes on with the newest versions. If one was withdrawn, run `make lock` and commit what it writes.",
    )
    mark.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(("=" * 100, *lines, "=" * 100)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
