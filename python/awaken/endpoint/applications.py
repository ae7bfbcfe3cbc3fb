"""What can be served: an endpoint, or services, which then get an endpoint."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeGuard

from awaken.endpoint.endpoint import Endpoint
from awaken.endpoint.services import describe, services_of
from awaken.service.definition import Definition

if TYPE_CHECKING:
    from awaken.exchange import Exchange, Receiver
    from awaken.serde.codec_source import CodecSource

__all__ = ["WHAT_TO_GIVE", "Application", "application_of", "codecs_of", "is_application"]

#: For the texts of errors.
WHAT_TO_GIVE: Final = "what `awaken.app([...])` returned, a service, or a list of services"


class Application(Protocol):
    """Anything that accepts exchanges, such as an endpoint."""

    def accept(self, exchange: Exchange) -> Receiver:
        """Answer one HTTP request."""
        ...


def application_of(given: Any) -> Application:
    """Return what serves an application.

    Args:
        given: what `awaken.app(...)` returned, a service, or a list of services.

    Raises:
        TypeError: it is something else.
        ValueError: the list is empty, or two of its services have one name.
    """
    if is_application(given):
        return given
    try:
        services = services_of([given] if isinstance(given, Definition) else given)
    except TypeError as error:
        raise TypeError(f"{describe(given)} is not an application; give {WHAT_TO_GIVE}") from error
    return Endpoint(services)


def codecs_of(application: Application) -> dict[str, CodecSource]:
    """Return where the journal value codec of each service comes from, by its name; empty without a codec."""
    if not isinstance(application, Endpoint) or application.attempt_settings.codec is None:
        return {}
    return dict.fromkeys(application.services, application.attempt_settings.codec)


def is_application(value: Any) -> TypeGuard[Application]:
    """Tell whether this accepts exchanges itself."""
    return callable(getattr(value, "accept", None)) and not inspect.isclass(value)
