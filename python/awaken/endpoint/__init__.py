"""The service side: from an exchange to a handler and back."""

from awaken.endpoint.endpoint import Endpoint, app

__all__ = ["Endpoint", "app"]
