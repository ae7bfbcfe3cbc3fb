"""All texts as one application, under the official SDK as they are, under ours with the imports changed."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

TEXTS = Path(__file__).with_name("texts")
SDK = {"official": "restate", "awaken": "awaken"}[os.environ.get("COMPAT_SDK", "awaken")]


def changed(text: str) -> str:
    """Change the imports, as people who move to ours do."""
    text = re.sub(r"^import restate$", f"import {SDK} as restate", text, flags=re.MULTILINE)
    return re.sub(r"^from restate(\.[\w.]+)? import ", rf"from {SDK}\1 import ", text, flags=re.MULTILINE)


def services() -> list[Any]:
    """Run each text as a module, and return what they declare."""
    found = []
    for path in sorted(TEXTS.glob("*.py")):
        module = sys.modules[f"programs.{path.stem}"] = ModuleType(f"programs.{path.stem}")
        code = compile(changed(path.read_text()), str(path), "exec", dont_inherit=True)
        exec(code, module.__dict__)
        found += module.__dict__["SERVICES"]
    return found


app = import_module(SDK).app(services=services())
