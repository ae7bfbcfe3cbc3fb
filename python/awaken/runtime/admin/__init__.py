"""Operators enter here: deployments, services, state and invocations, over HTTP."""

from awaken.runtime.admin.app import make_admin

__all__ = ["make_admin"]
