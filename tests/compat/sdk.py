"""The SDK under test, chosen by an environment variable. All handlers of this suite import it from here.

`COMPAT_SDK` is `awaken` or `official`. `COMPAT_PREFIX` begins the name of every service, so that one runtime holds
the same application several times; two processes with one prefix and different SDKs are one deployment to it.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

PACKAGES = {"awaken": "awaken", "official": "restate"}
PACKAGE = PACKAGES[os.environ.get("COMPAT_SDK", "awaken")]

if TYPE_CHECKING:
    import awaken as restate
    from awaken import exceptions, extensions, serde
else:
    restate = importlib.import_module(PACKAGE)
    exceptions = importlib.import_module(f"{PACKAGE}.exceptions")
    extensions = importlib.import_module(f"{PACKAGE}.extensions")
    serde = importlib.import_module(f"{PACKAGE}.serde")

__all__ = ["exceptions", "extensions", "named", "restate", "serde"]


def named(service: str) -> str:
    """Return the name under which a service of this process is registered."""
    return os.environ.get("COMPAT_PREFIX", "") + service
