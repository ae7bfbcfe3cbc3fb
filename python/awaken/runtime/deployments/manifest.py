"""Reads and checks the manifest of an endpoint, versions 2 to 4.

Unknown members are refused, as on the server: a setting that is not understood would silently not work. Source of names
and rules: section 5 of the protocol notes.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec

from awaken import _core
from awaken.runtime.deployments.errors import RegistrationError
from awaken.timing.time_limits import longest

__all__ = ["VERSIONS", "Handler", "Manifest", "Options", "Service", "media_type", "read_manifest"]

#: The manifest versions that the runtime asks for, oldest first.
VERSIONS: Final = (2, 3, 4)

_SERVICE_NAME: Final = re.compile(r"([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*")
_HANDLER_NAME: Final = re.compile(r"([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*")
#: Which content types the server accepts. One with parameters is matched by no request.
_INPUT_TYPE: Final = re.compile(r"\*/\*|[^\s/*]+/[\x20-\x7e]*")
#: Whatever a header may contain: it is sent as it is.
_OUTPUT_TYPE: Final = re.compile(r"[\t\x20-\x7e]*")

#: How deep the JSON of a manifest may be nested; the server has the same limit. What is nested as deep as the stack
#: allows could be stored, and not be written again elsewhere.
_DEPTH: Final = 128
#: Largest number of attempts; the server has the same limit.
_MOST_ATTEMPTS: Final = 2**64 - 1

Milliseconds = Annotated[int, msgspec.Meta(ge=0)]
ProtocolVersion = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Members in camel case, and no unknown ones."""


class Options(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """Settings that a service and each of its handlers may have."""

    documentation: str | None = None
    metadata: dict[str, str] = {}
    inactivity_timeout: Milliseconds | None = None
    abort_timeout: Milliseconds | None = None
    journal_retention: Milliseconds | None = None
    idempotency_retention: Milliseconds | None = None
    workflow_completion_retention: Milliseconds | None = None
    enable_lazy_state: bool | None = None
    ingress_private: bool | None = None
    retry_policy_initial_interval: Milliseconds | None = None
    retry_policy_max_interval: Milliseconds | None = None
    retry_policy_max_attempts: Count | None = None
    retry_policy_exponentiation_factor: float | None = None
    retry_policy_on_max_attempts: Literal["PAUSE", "KILL"] | None = None


#: The durations among them: their names here, and in a manifest.
_DURATIONS: Final = {
    name: member
    for name, member in zip(Options.__struct_fields__, Options.__struct_encode_fields__, strict=True)
    if Options.__annotations__[name].startswith("Milliseconds")
}


class Input(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """The input of a handler; without a content type, it takes none."""

    required: bool = False
    content_type: str | None = None
    json_schema: Any = None

    def __post_init__(self) -> None:
        """Leave out the spaces around the content type."""
        if self.content_type is not None:
            msgspec.structs.force_setattr(self, "content_type", self.content_type.strip())


class Output(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """The output of a handler."""

    content_type: str | None = None
    set_content_type_if_empty: bool = False
    json_schema: Any = None


class Handler(Options, frozen=True, kw_only=True, omit_defaults=True):
    """One handler."""

    name: str
    ty: Literal["WORKFLOW", "EXCLUSIVE", "SHARED"] | None = None
    input: Input = Input(content_type="*/*")
    output: Output = Output(content_type="application/json")


class Service(Options, frozen=True, kw_only=True, omit_defaults=True):
    """One service, object or workflow."""

    name: str
    ty: Literal["VIRTUAL_OBJECT", "SERVICE", "WORKFLOW"]
    handlers: list[Handler]


class Manifest(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """One endpoint."""

    protocol_mode: Literal["BIDI_STREAM", "REQUEST_RESPONSE"]
    min_protocol_version: ProtocolVersion
    max_protocol_version: ProtocolVersion
    services: list[Service]
    lambda_compression: Literal["zstd"] | None = None


def media_type(version: int) -> str:
    """Return the content type of a manifest version."""
    return f"application/vnd.restate.endpointmanifest.v{version}+json"


def read_manifest(body: bytes, content_type: str | None) -> Manifest:
    """Read and check a manifest.

    Raises:
        RegistrationError: it is not a manifest, contradicts itself, or does not fit this runtime.
    """
    if content_type not in {media_type(version) for version in VERSIONS}:
        raise RegistrationError(
            500, f"the endpoint answered discovery with content type {content_type!r}", "META0013"
        )
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except RecursionError as error:
        raise _too_deep("the endpoint's manifest") from error
    except msgspec.DecodeError as error:
        is_unspoken = isinstance(error, msgspec.ValidationError) and "`protocolMode`" in str(error)
        raise RegistrationError(
            500, f"the endpoint's manifest is not valid: {error}", "META0013" if is_unspoken else None
        ) from error
    _check_versions(manifest)
    for service in manifest.services:
        _check_service(service)
        _check_numbers(service.name, service)
        for handler in service.handlers:
            _check_numbers(f"{service.name}/{handler.name}", handler)
    names = [service.name for service in manifest.services]
    if len(set(names)) < len(names):
        raise RegistrationError(400, f"the endpoint has two services of one name, among {sorted(names)}")
    return manifest


def _check_versions(manifest: Manifest) -> None:
    low, high = manifest.min_protocol_version, manifest.max_protocol_version
    if low > high:
        raise RegistrationError(
            500, f"the endpoint's protocol versions {low}..{high} are not a range", "META0013"
        )
    if high < _core.MIN_PROTOCOL_VERSION or low > _core.MAX_PROTOCOL_VERSION:
        raise RegistrationError(
            500,
            f"the endpoint speaks protocol versions {low}..{high}, this runtime "
            f"{_core.MIN_PROTOCOL_VERSION}..{_core.MAX_PROTOCOL_VERSION}",
            "META0012",
        )


def _check_service(service: Service) -> None:
    name = service.name
    if not _SERVICE_NAME.fullmatch(name):
        raise RegistrationError(500, f"{name!r} is not a valid service name")
    if name.lower().startswith("restate") or name.lower() == "openapi":
        raise RegistrationError(400, f"the service name {name!r} is reserved", "META0005")
    if service.workflow_completion_retention is not None and service.ty != "WORKFLOW":
        raise RegistrationError(500, f"{name}: workflowCompletionRetention is only for workflows")
    for handler in service.handlers:
        _check_handler(service, handler)


def _check_numbers(where: str, options: Options) -> None:
    attempts = options.retry_policy_max_attempts
    if attempts is not None and attempts > _MOST_ATTEMPTS:
        raise RegistrationError(
            400, f"{where}: retryPolicyMaxAttempts is {attempts}; give {_MOST_ATTEMPTS} at most"
        )
    limit = longest()
    for name, member in _DURATIONS.items():
        duration = getattr(options, name)
        if duration is not None and duration > limit:
            raise RegistrationError(
                400,
                f"{where}: {member} is {duration} ms, which ends after the year 9999, the last one that dates can "
                f"express; give {limit} at most",
            )


def _check_handler(service: Service, handler: Handler) -> None:
    where = f"{service.name}/{handler.name}"
    allowed = {
        "SERVICE": (None, "SHARED"),
        "VIRTUAL_OBJECT": (None, "EXCLUSIVE", "SHARED"),
        "WORKFLOW": (None, "SHARED", "WORKFLOW"),
    }[service.ty]
    is_run = service.ty == "WORKFLOW" and handler.ty == "WORKFLOW"
    if not _HANDLER_NAME.fullmatch(handler.name):
        raise RegistrationError(500, f"{where}: {handler.name!r} is not a valid handler name")
    if handler.ty not in allowed:
        raise RegistrationError(400, f"{where}: a {service.ty} has no {handler.ty} handlers")
    if handler.workflow_completion_retention is not None and not is_run:
        raise RegistrationError(
            400, f"{where}: workflowCompletionRetention is only for a workflow's WORKFLOW handler"
        )
    if handler.idempotency_retention is not None and is_run:
        raise RegistrationError(
            400, f"{where}: idempotencyRetention is not for a WORKFLOW handler, which runs once anyway"
        )
    if service.ingress_private and handler.ingress_private is False:
        raise RegistrationError(400, f"{where} cannot be public in a private service")
    for what, declared, pattern in (
        ("input", handler.input, _INPUT_TYPE),
        ("output", handler.output, _OUTPUT_TYPE),
    ):
        content_type = declared.content_type
        if content_type is not None and not pattern.fullmatch(content_type):
            raise RegistrationError(400, f"{where}: the {what} content type {content_type!r} is not valid")
        if declared.json_schema is not None and not isinstance(declared.json_schema, (dict, bool)):
            raise RegistrationError(400, f"{where}: the {what} JSON schema is not valid")
        if _is_too_deep(declared.json_schema):
            raise _too_deep(f"{where}: the {what} JSON schema")


def _too_deep(what: str) -> RegistrationError:
    return RegistrationError(400, f"{what} is nested more than {_DEPTH} levels deep")


def _is_too_deep(document: object) -> bool:
    level = [document]
    for _ in range(_DEPTH):
        level = [
            member
            for each in level
            if isinstance(each, (dict, list))
            for member in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True
