"""The HTTP interface for callers: call, send, attach, output, and results of awakeables."""

from awaken.runtime.ingress.app import Ingress

__all__ = ["Ingress"]
