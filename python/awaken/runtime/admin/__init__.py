"""Operators enter here: deployments, services, state, invocations and questions in SQL, over HTTP."""

from awaken.runtime.admin.admin import Admin
from awaken.runtime.admin.app import make_admin

__all__ = ["Admin", "make_admin"]
