"""What is registered with a runtime: services with their handlers, and deployments, as its admin API describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DeploymentView", "HandlerView", "ServiceView", "read_deployments", "read_services"]


@dataclass(frozen=True, slots=True)
class HandlerView:
    """A handler of the latest revision of its service."""

    name: str
    #: `Exclusive`, `Shared` or `Workflow`; None for handlers of a plain service.
    kind: str | None = None
    is_public: bool = True
    documentation: str = ""
    #: What it takes and returns, in words of the runtime, such as `JSON 'Parcel'` or `none`.
    input: str = ""
    output: str = ""
    #: JSON Schemas; None if the endpoint declared none.
    input_schema: Mapping[str, Any] | None = None
    output_schema: Mapping[str, Any] | None = None
    #: Its own settings, in words: those of the service hold for all others.
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def takes_input(self) -> bool:
        """Whether it takes a body."""
        return self.input != "none"


@dataclass(frozen=True, slots=True)
class ServiceView:
    """The latest revision of a service."""

    name: str
    #: `Service`, `VirtualObject` or `Workflow`.
    kind: str
    revision: int
    deployment_id: str
    handlers: tuple[HandlerView, ...]
    is_public: bool = True
    documentation: str = ""
    #: Its settings, in words.
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_keys(self) -> bool:
        """Whether its handlers are called with a key, and have state."""
        return self.kind != "Service"

    def find(self, handler: str) -> HandlerView | None:
        """Return a handler by its name."""
        return next((one for one in self.handlers if one.name == handler), None)


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """A registered version of an endpoint."""

    deployment_id: str
    #: `memory:NAME` for an application in the process of the runtime, an ARN for a function of AWS Lambda.
    address: str
    #: `BidiStream` or `RequestResponse`.
    protocol: str
    http_version: str
    #: ISO 8601.
    created_at: str
    min_protocol_version: int | None
    max_protocol_version: int | None
    sdk_version: str
    #: Names and revisions, by name.
    services: tuple[tuple[str, int], ...]


#: Members that are no settings.
_FACTS = frozenset(
    (
        *(
            "name",
            "ty",
            "public",
            "documentation",
            "metadata",
            "handlers",
            "deployment_id",
            "revision",
            "info",
        ),
        *("input_description", "output_description", "input_json_schema", "output_json_schema"),
    )
)


def read_services(documents: object) -> tuple[ServiceView, ...]:
    """Read the `services` of an admin API, by name."""
    return tuple(sorted((_service(one) for one in _list(documents)), key=lambda one: one.name))


def read_deployments(documents: object) -> tuple[DeploymentView, ...]:
    """Read the `deployments` of an admin API, newest first."""
    found = (_deployment(one) for one in _list(documents))
    return tuple(sorted(found, key=lambda one: (one.created_at, one.deployment_id), reverse=True))


def _service(document: Mapping[str, Any]) -> ServiceView:
    handlers = sorted((_handler(one) for one in _list(document.get("handlers"))), key=lambda one: one.name)
    return ServiceView(
        str(document.get("name", "")),
        str(document.get("ty", "Service")),
        _number(document.get("revision")) or 0,
        str(document.get("deployment_id", "")),
        tuple(handlers),
        document.get("public") is not False,
        str(document.get("documentation") or ""),
        _options(document),
    )


def _handler(document: Mapping[str, Any]) -> HandlerView:
    kind = document.get("ty")
    return HandlerView(
        str(document.get("name", "")),
        None if kind is None else str(kind),
        document.get("public") is not False,
        str(document.get("documentation") or ""),
        str(document.get("input_description") or ""),
        str(document.get("output_description") or ""),
        _schema(document.get("input_json_schema")),
        _schema(document.get("output_json_schema")),
        _options(document),
    )


def _deployment(document: Mapping[str, Any]) -> DeploymentView:
    services = (
        (str(one.get("name", "")), _number(one.get("revision")) or 0)
        for one in _list(document.get("services"))
    )
    return DeploymentView(
        str(document.get("id", "")),
        str(document.get("uri") or document.get("arn") or ""),
        str(document.get("protocol_type") or ""),
        str(document.get("http_version") or ""),
        str(document.get("created_at") or ""),
        _number(document.get("min_protocol_version")),
        _number(document.get("max_protocol_version")),
        str(document.get("sdk_version") or ""),
        tuple(sorted(services)),
    )


def _options(document: Mapping[str, Any]) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in document.items():
        if name in _FACTS or value is None:
            continue
        if isinstance(value, Mapping):
            options |= {f"{name}.{inner}": str(one) for inner, one in value.items() if one is not None}
        else:
            options[name] = str(value)
    return dict(sorted(options.items()))


def _schema(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else None


def _list(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
