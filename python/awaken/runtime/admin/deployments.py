"""`/deployments`: register, list, change and forget."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from awaken.runtime.admin.answers import (
    AdminError,
    UnreadableError,
    answer_json,
    empty,
)
from awaken.runtime.admin.reading import read_flag, read_path_id
from awaken.runtime.deployments import DeploymentNotFoundError, RegistrationError, describe
from awaken.runtime.deployments.record import normalize_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.runtime.admin.reading import Bodies
    from awaken.runtime.deployments import Deployments, Record

__all__ = ["DeploymentRoutes"]

#: A token of RFC 9110 5.6.2.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VARIANT: Final = (
    "Failed to deserialize the JSON body into the target type: data did not match any variant of untagged enum "
    "RegisterDeploymentRequest"
)


#: Headers that say how a request is framed, or concern one connection. No request may have others of these than its
#: own: RFC 9113 8.2.2 forbids them, and over HTTP/1.1, two readers would disagree about where a request ends.
_FRAMING_HEADERS: Final = frozenset(
    (
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


#: What a server can do with a registration and this runtime cannot. Without the refusal it would be left out silently.
_NOT_HERE: Final = {
    "arn": "calls no Lambda functions; give it the uri of an HTTP endpoint.",
    "assume_role_arn": "calls no Lambda functions; give it the uri of an HTTP endpoint.",
    "auth": "requests no tokens of Google; give it additional_headers, or a Restate server the deployment.",
}


class _Register(msgspec.Struct):
    uri: str | None = None
    arn: str | None = None
    use_http_11: bool = False
    force: bool | None = None
    breaking: bool = False
    dry_run: bool = False
    additional_headers: dict[str, str] | None = None
    metadata: dict[str, str] | None = None
    auth: Any = None
    assume_role_arn: Any = None


class _Update(msgspec.Struct):
    uri: str | None = None
    use_http_11: bool | None = None
    additional_headers: dict[str, str] | None = None
    overwrite: bool = False
    dry_run: bool = False
    arn: str | None = None
    assume_role_arn: Any = None


class DeploymentRoutes:
    """Answers the routes about deployments."""

    #: What requests contain, by the operation in the OpenAPI document.
    bodies: Final = {
        "create_deployment": ("RegisterDeploymentRequest", _Register),
        "update_deployment": ("UpdateDeploymentRequest", _Update),
    }

    def __init__(self, deployments: Deployments, bodies: Bodies) -> None:
        self._deployments = deployments
        self._read_json = bodies.read_json

    async def register(self, request: Request) -> Response:
        """Answer `POST /deployments`."""
        return await self._register(await self._read_json(request, _Register), is_v2=False)

    async def register_v2(self, request: Request) -> Response:
        """Answer `POST /v2/deployments`, which discovers again by default."""
        return await self._register(await self._read_json(request, _Register), is_v2=True)

    async def list(self, request: Request) -> Response:
        """Answer `GET /deployments`."""
        body: dict[str, Any] = {"deployments": self._deployments.describe_deployments()}
        if unreadable := self._deployments.unreadable:
            body["unreadable"] = [{"id": name, "reason": reason} for name, reason in unreadable.items()]
        return answer_json(200, body)

    async def show(self, request: Request) -> Response:
        """Answer `GET /deployments/{id}`."""
        return self._describe(self._find(request))

    async def update(self, request: Request) -> Response:
        """Answer `PATCH /deployments/{id}`, and `PUT` of the second version."""
        deployment_id = read_path_id(request, "deployment", "dp")
        asked = await self._read_json(request, _Update)
        _refuse_absent(asked)
        _check(asked)
        if asked == _Update() or deployment_id in self._deployments.unreadable:
            self._find(request)
        try:
            if asked.uri is not None:
                normalize_uri(asked.uri)
            record = await self._deployments.update(
                deployment_id,
                uri=asked.uri,
                use_http_11=asked.use_http_11,
                additional_headers=_lower(asked.additional_headers),
                overwrite=asked.overwrite,
                dry_run=asked.dry_run,
            )
        except RegistrationError as error:
            raise _refused(error) from error
        except DeploymentNotFoundError as error:
            raise AdminError(404, f"not found in the schema registry: {deployment_id}") from error
        return self._describe(record)

    async def remove(self, request: Request) -> Response:
        """Answer `DELETE /deployments/{id}`, which the server only does with `force=true`."""
        deployment_id = read_path_id(request, "deployment", "dp")
        if not read_flag(request, "force"):
            return empty(501)
        try:
            await self._deployments.remove(deployment_id)
        except DeploymentNotFoundError as error:
            raise AdminError(
                404, f"not found in the schema registry: deployment with id '{deployment_id}'"
            ) from error
        return empty(202)

    async def put(self, request: Request) -> Response:
        """Answer `PUT /deployments/{id}`, which only the second version has."""
        read_path_id(request, "deployment", "dp")
        await self._read_json(request, _Update)
        raise AdminError(405, "PUT deployment is deprecated, use PATCH instead")

    async def _register(self, asked: _Register, *, is_v2: bool) -> Response:
        _refuse_absent(asked)
        if not asked.uri:
            raise UnreadableError(422, _NO_VARIANT)
        _check(asked)
        try:
            registration = await self._deployments.register(
                asked.uri,
                use_http_11=asked.use_http_11,
                force=is_v2 if asked.force is None else asked.force,
                breaking=asked.breaking,
                dry_run=asked.dry_run,
                additional_headers=_lower(asked.additional_headers),
                metadata=asked.metadata,
            )
        except RegistrationError as error:
            raise _refused(error) from error
        record = registration.record
        if is_v2 and asked.force is False and not registration.is_new:
            raise AdminError(409, f"Conflict: deployment {record.deployment_id} already exists")
        body: Any = describe.registration(record, self._deployments.defaults)
        status = 201 if registration.is_new or is_v2 else 200
        return answer_json(status, body, {"location": f"deployments/{record.deployment_id}"})

    def _find(self, request: Request) -> Record:
        deployment_id = read_path_id(request, "deployment", "dp")
        reason = self._deployments.unreadable.get(deployment_id)
        if reason is not None:
            raise AdminError(
                500,
                f"The deployment '{deployment_id}' is stored and cannot be read: {reason}. Register its endpoint again",
            )
        try:
            return self._deployments.record(deployment_id)
        except DeploymentNotFoundError as error:
            raise AdminError(404, f"The requested deployment '{deployment_id}' does not exist") from error

    def _describe(self, record: Record) -> Response:
        return answer_json(200, describe.full_deployment(record, self._deployments.defaults))


def _refuse_absent(asked: _Register | _Update) -> None:
    for field, reason in _NOT_HERE.items():
        if getattr(asked, field, None) is not None:
            raise AdminError(
                400, f"The request field '{field}' is invalid. Reason: the embedded runtime {reason}"
            )


def _check(asked: _Register | _Update) -> None:
    """Refuse an address and headers that no request may have."""
    headers = asked.additional_headers or {}
    uri = asked.uri or ""
    if not (
        uri.isprintable()
        and " " not in uri
        and all(map(_HEADER_NAME.fullmatch, headers))
        and all(value.isascii() and value.isprintable() for value in headers.values())
    ):
        raise UnreadableError(
            422, f"{_NO_VARIANT}: the uri or a header has characters that no request may have"
        )
    if framing := sorted(_FRAMING_HEADERS & {name.lower() for name in headers}):
        raise UnreadableError(
            422, f"{_NO_VARIANT}: {', '.join(framing)} cannot be added, each request has its own"
        )


def _lower(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return headers as HTTP/2 wants them. Of names that differ in case only, the last one counts."""
    return None if headers is None else {name.lower(): value for name, value in headers.items()}


def _refused(error: RegistrationError) -> AdminError:
    return AdminError(error.status, str(error), error.code)
