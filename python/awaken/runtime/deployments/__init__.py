"""Registered versions of endpoints: discovery, revisions, and the settings of their handlers."""

from awaken.runtime.deployments.deployments import Deployments, DeploymentStore, Registration
from awaken.runtime.deployments.discovery import DialerFactory
from awaken.runtime.deployments.errors import DeploymentNotFoundError, RegistrationError
from awaken.runtime.deployments.record import Overrides, Record

__all__ = [
    "DeploymentNotFoundError",
    "DeploymentStore",
    "Deployments",
    "DialerFactory",
    "Overrides",
    "Record",
    "Registration",
    "RegistrationError",
]
