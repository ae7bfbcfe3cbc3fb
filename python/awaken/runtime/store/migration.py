"""Numbered migrations: each file takes the schema one version further, in one transaction."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from awaken.runtime.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["describe_newer", "migrate", "newest_version"]


def migrate(connection: sqlite3.Connection) -> None:
    """Upgrade a database to the newest version.

    Raises:
        StoreError: a newer awaken wrote it.
    """
    scripts = _scripts()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if newer := describe_newer(version):
        raise StoreError(newer)
    for number in range(version + 1, len(scripts) + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{scripts[number - 1]}\nPRAGMA user_version = {number};\nCOMMIT;"
        )


def newest_version() -> int:
    """Return the version of the schema that `migrate` upgrades to."""
    return len(_scripts())


def describe_newer(version: int) -> str | None:
    """Return why data of this schema version cannot be read here, None if it can."""
    newest = newest_version()
    if version <= newest:
        return None
    return (
        f"the data is of schema version {version}, and this awaken knows versions up to {newest}; use the awaken that "
        "wrote it, or a newer one"
    )


def _scripts() -> list[str]:
    folder = resources.files("awaken.runtime.store") / "migrations"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    numbers = [int(file.name.split("_")[0]) for file in files]
    if numbers != list(range(1, len(files) + 1)):
        raise StoreError(f"the installed migrations are numbered {numbers}; install awaken again")
    return [file.read_text(encoding="utf-8") for file in files]
