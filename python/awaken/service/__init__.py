"""Declarations of services, virtual objects and workflows, and the checks of them."""

from awaken.service.service import Service

__all__ = ["Service"]
