"""The official SDK's name for `awaken.service.workflow`."""

from awaken.service.workflow import Workflow

__all__ = ["Workflow"]
