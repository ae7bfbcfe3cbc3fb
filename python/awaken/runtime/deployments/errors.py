"""Why a deployment cannot be registered or changed."""

from __future__ import annotations

__all__ = ["DeploymentNotFoundError", "RegistrationError"]


class RegistrationError(Exception):
    """A deployment is refused, or its endpoint cannot be discovered.

    Args:
        status: HTTP status of the answer.
        message: for the operator, without the code.
        code: the error code that the server documents.
    """

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message if code is None else f"[{code}] {message}")
        self.status = status
        self.code = code


class DeploymentNotFoundError(LookupError):
    """There is no such deployment."""
