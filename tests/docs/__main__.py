"""`python -m tests.docs PAGE...` runs pages, and shows what differs from them."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.docs.page import PageError, read_page
from tests.docs.runner import run_page
from tests.docs.typed import check_types


def main(paths: list[str]) -> int:
    """Run pages one after the other."""
    if not paths:
        print("usage: python -m tests.docs PAGE...", file=sys.stderr)
        return 2
    is_different = False
    for path in paths:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            folders = [Path(scratch) / name for name in ("page", "types")]
            for folder in folders:
                folder.mkdir()
            try:
                page = read_page(Path(path))
                differences = run_page(page, folders[0])
                types = check_types([page], folders[1])
                differences += [f"{name}: {error}" for name, errors in types.items() for error in errors]
            except PageError as error:
                differences = [str(error)]
        is_different |= bool(differences)
        for difference in differences:
            print(difference, end="\n\n")
        outcome = f"{len(differences)} differ" if differences else "as shown"
        print(f"{path}: {outcome}, {time.monotonic() - started:.1f} s")
    return 1 if is_different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
