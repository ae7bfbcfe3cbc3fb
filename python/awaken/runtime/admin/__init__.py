"""The admin API: deployments, services, state, invocations and SQL queries, over HTTP."""

from awaken.runtime.admin.admin import Admin
from awaken.runtime.admin.app import make_admin

__all__ = ["Admin", "make_admin"]
