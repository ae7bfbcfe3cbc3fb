"""Compare the licences of the Python packages that awaken needs at run time with those that are allowed.

`python scripts/check_licences.py PYTHON` looks at the environment of an interpreter that has nothing but these
packages. Whoever distributes an application with awaken distributes them, too, so each licence must allow that with a
notice.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, Final

__all__ = ["main"]

#: Licences that allow use, change and sale with a notice.
ALLOWED: Final = frozenset(("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "PSF-2.0"))
#: Packages under another licence, each with its reason.
EXCEPTIONS: Final = {
    "certifi": "MPL-2.0"
}  # its list of authorities is used as it is, so there is nothing to publish
#: What older packages write for them.
_NAMES: Final = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_UNKNOWN: Final = "UNKNOWN"


def main(interpreter: str) -> None:
    """Print what is not allowed, and end with 1 if there is any."""
    command = ["pip-licenses", "--python", interpreter, "--from", "all", "--format", "json"]
    packages = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if not packages:
        sys.exit(f"{interpreter} has no packages")
    refused = [package for package in packages if not is_allowed(package)]
    for package in refused:
        print(f"{package['Name']} {package['Version']}: {licence_of(package)} is not allowed")
    if refused:
        sys.exit("take another package, or give the reason for an exception in scripts/check_licences.py")
    print(f"the licences of {len(packages)} packages are allowed")


def licence_of(package: dict[str, Any]) -> str:
    """Return what a package says of its licence: an SPDX expression if it can be told."""
    for kind in ("License-Expression", "License-Classifier", "License-Metadata"):
        if (text := package[kind]) != _UNKNOWN:
            return _NAMES.get(text, str(text))
    return _UNKNOWN


def is_allowed(package: dict[str, Any]) -> bool:
    """Return whether awaken may need a package."""
    licence = licence_of(package)
    if EXCEPTIONS.get(package["Name"]) == licence:
        return True
    return any(
        all(part.strip("() ") in ALLOWED for part in re.split(r" AND ", alternative))
        for alternative in re.split(r" OR |/", licence)
    )


if __name__ == "__main__":
    main(sys.argv[1])
