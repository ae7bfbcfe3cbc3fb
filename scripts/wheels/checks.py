"""What a wheel and the source distribution must contain, and must not need."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from elftools.elf.elffile import ELFFile  # pyright: ignore[reportMissingImports]  # of the environment that builds wheels

from scripts.wheels.versions import package_version

if TYPE_CHECKING:
    from scripts.wheels.targets import Target

__all__ = ["WheelError", "check_sdist", "check_wheel"]

ROOT: Final = Path(__file__).resolve().parents[2]
#: Beside what Python gives, an extension needs the C library, and on glibc parts of it that are files of their own.
_LIBRARIES: Final = {
    "manylinux": re.compile(r"lib(c|m|dl|pthread|rt|gcc_s)\.so\.\d|ld-linux-[\w-]+\.so\.\d"),
    "musllinux": re.compile(r"libc\.so|libc\.musl-\w+\.so\.1"),
}
_MACHINES: Final = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
#: What those who get a copy have to get along.
_LICENCES: Final = ("LICENSE", "THIRD_PARTY_LICENSES.txt")
#: Bytes of a wheel: it has 2 MB of machine code, and pages, styles and types.
_LARGEST: Final = 5_000_000


class WheelError(Exception):
    """Something is wrong with what was built."""


def check_wheel(path: Path, target: Target) -> tuple[str, ...]:
    """Check a wheel, and return what was found, for people.

    Raises:
        WheelError: it must not be published.
    """
    if path.stat().st_size > _LARGEST:
        raise WheelError(f"{path.name} has {path.stat().st_size} bytes; {_LARGEST} are expected at most")
    if "-cp311-abi3-" not in path.name:
        raise WheelError(
            f"{path.name} is not for every Python from 3.11 on: -cp311-abi3- is missing in its name"
        )
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        _check_files(path, names)
        needed = _check_extension(path, wheel.read("awaken/_core.abi3.so"), target)
        metadata = wheel.read(f"awaken-{package_version()}.dist-info/METADATA").decode()
    if f"\nVersion: {package_version()}\n" not in metadata:
        raise WheelError(f"{path.name} is not of version {package_version()}, that of Cargo.toml")
    found = _audit(path, target)
    if not _is_as_old(found, target):
        raise WheelError(f"{path.name} claims {target.tag}, but auditwheel finds {found}")
    return (f"auditwheel: {found}; needs {', '.join(sorted(needed)) or 'no library'}; {len(names)} files",)


def check_sdist(path: Path) -> tuple[str, ...]:
    """Check a source distribution, and return what was found, for people.

    Raises:
        WheelError: it must not be published.
    """
    prefix = f"awaken-{package_version()}/"
    with tarfile.open(path) as archive:
        names = {name.removeprefix(prefix) for name in archive.getnames()}
    wanted = {*_LICENCES, "PKG-INFO", "Cargo.lock", "rust/core/src/lib.rs", "python/awaken/__init__.py"}
    if missing := wanted - names:
        raise WheelError(f"{path.name} lacks {', '.join(sorted(missing))}")
    if wrong := [name for name in names if name.startswith(("/", ".tools", ".venv", "target/"))]:
        raise WheelError(f"{path.name} has {', '.join(sorted(wrong)[:5])}")
    return (f"{len(names)} files",)


def _audit(path: Path, target: Target) -> str:
    """Return the platform tag that auditwheel finds."""
    with (
        tempfile.TemporaryDirectory() as empty
    ):  # not the libraries of this system, which may have another C library
        command = ["auditwheel", "show", "--ldpaths", empty, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    shown = " ".join(done.stdout.split())
    # By this name zig links musl, whose loader takes itself for it; auditwheel knows the name that Alpine has.
    if said := re.search(
        rf"the tag platform tag '({target.tag})' the following .* eliminated: libc\.so$", shown
    ):
        return said[1]
    if said := re.search(r'consistent with the following platform tag: "([\w.]+)"', shown):
        return said[1]
    raise WheelError(f"auditwheel refuses {path.name}: {done.stdout} {done.stderr}")


def _check_files(path: Path, names: set[str]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "python/awaken"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    wanted = {name.removeprefix("python/") for name in tracked.splitlines()}
    wanted |= {f"awaken-{package_version()}.dist-info/licenses/{name}" for name in _LICENCES}
    if missing := wanted - names:
        raise WheelError(f"{path.name} lacks {', '.join(sorted(missing)[:10])}")
    if extra := {name for name in names if name.startswith("awaken/")} - wanted - {"awaken/_core.abi3.so"}:
        raise WheelError(f"{path.name} has {', '.join(sorted(extra)[:10])}, which git does not know")


def _check_extension(path: Path, content: bytes, target: Target) -> set[str]:
    """Return the libraries that the extension needs."""
    extension = ELFFile(BytesIO(content))
    if extension["e_machine"] != _MACHINES[target.architecture]:
        raise WheelError(f"{path.name} is for {extension['e_machine']}, not for {target.architecture}")
    needed = {tag.needed for tag in extension.get_section_by_name(".dynamic").iter_tags("DT_NEEDED")}
    allowed = _LIBRARIES[target.policy.partition("_")[0]]
    if wrong := {name for name in needed if not allowed.fullmatch(name)}:
        raise WheelError(
            f"{path.name} needs {', '.join(sorted(wrong))}, which {target.policy} does not promise"
        )
    return needed


def _is_as_old(found: str, target: Target) -> bool:
    """Return whether a wheel runs on what its tag promises, or on older systems."""
    pattern = re.compile(r"(\w+?)_(\d+)_(\d+)_(\w+)")
    said, claimed = pattern.fullmatch(found), pattern.fullmatch(target.tag)
    if said is None or claimed is None or (said[1], said[4]) != (claimed[1], claimed[4]):
        return False
    return (int(said[2]), int(said[3])) <= (int(claimed[2]), int(claimed[3]))
