"""Write the Python stubs of `proto/awaken/control/v1` into `python/awaken/control/v1`, or into another folder.

Usage: `python scripts/generate_control.py [FOLDER]`. A test runs it to check that the committed stubs are current.
"""

from __future__ import annotations

import sys
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[1]
PROTO = ROOT / "proto"


def generate(target: Path) -> None:
    """Write `awaken/control/v1/*_pb2*.py` below a folder.

    Raises:
        SystemExit: the compiler failed.
    """
    files = sorted(str(path.relative_to(PROTO)) for path in (PROTO / "awaken/control/v1").glob("*.proto"))
    included = Path(grpc_tools.__file__).parent / "_proto"
    options = [f"-I{PROTO}", f"-I{included}", f"--python_out={target}", f"--pyi_out={target}"]
    if protoc.main(["protoc", *options, *files]):
        sys.exit("protoc failed; see above")
    services = [file for file in files if not file.endswith("common.proto")]
    if protoc.main(["protoc", *options[:2], f"--grpc_python_out={target}", *services]):
        sys.exit("protoc failed; see above")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "python")
