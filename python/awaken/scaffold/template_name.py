"""Names of the templates of projects."""

from enum import StrEnum

__all__ = ["Template"]


class Template(StrEnum):
    """What a new project begins with."""

    MINIMAL = "minimal"
    APPROVALS = "approvals"
    FASTAPI = "fastapi"
