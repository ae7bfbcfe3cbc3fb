"""Callers enter here: call, send, attach, resolve, over HTTP."""

from awaken.runtime.ingress.app import Ingress

__all__ = ["Ingress"]
