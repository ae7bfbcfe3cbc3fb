"""The admin API as an ASGI application: its routes, bare and under the prefix of each version."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, Router

from awaken import _core
from awaken.control.errors import UnavailableError
from awaken.runtime.admin.absent import AbsentRoutes
from awaken.runtime.admin.admin_openapi import describe_admin_api
from awaken.runtime.admin.answers import (
    AdminError,
    UnreadableError,
    answer_document,
    answer_json,
    empty,
)
from awaken.runtime.admin.batches import BatchRoutes
from awaken.runtime.admin.deployments import DeploymentRoutes
from awaken.runtime.admin.invocations import InvocationRoutes
from awaken.runtime.admin.query import AnswersQuestions, QueryRoute
from awaken.runtime.admin.reading import Bodies
from awaken.runtime.admin.services import ServiceRoutes
from awaken.runtime.bodies import BodyRoom
from awaken.runtime.server_version import SERVER_VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from awaken.control.operations import Operations
    from awaken.runtime.deployments import Deployments

__all__ = ["describe_api", "make_admin"]

log = logging.getLogger("awaken")

_VERSIONS: Final = (2, 3, 4)
_FEATURES: Final = (
    "invoker_yield",
    "kafka_scope",
    "preflight_invocation_termination_retention",
    "protocol_v7",
    "scoped_promise_table_migration",
    "scoped_state_table_migration",
    "scoped_virtual_objects",
    "unique_random_seeds",
    "vqueue_obsolete_cleanup",
    "vqueues",
    "vqueues_async_refill",
    "vqueues_migration_skip_completed",
)


def make_admin(
    operations: Operations,
    deployments: Deployments,
    *,
    questions: AnswersQuestions,
    ingress_url: Callable[[], str],
    cluster_name: str = "localcluster",
    features: frozenset[str] = frozenset(),
) -> Starlette:
    """Make the admin API.

    Args:
        operations: the runtime.
        deployments: what is registered.
        questions: answers questions in SQL.
        ingress_url: returns the URL of the ingress; called for each request, because the port may be chosen late.
        cluster_name: what operators are told it is.
        features: the enabled ones, by the server's names.
    """
    bodies = Bodies(BodyRoom())

    async def version(_request: Request) -> Response:
        return answer_json(
            200,
            {
                "version": SERVER_VERSION,
                "min_admin_api_version": _VERSIONS[0],
                "max_admin_api_version": _VERSIONS[-1],
                "ingress_endpoint": ingress_url(),
                "features": {name: name in features for name in _FEATURES},
                "runtime": f"awaken/{_core.__version__}",
            },
        )

    async def health(_request: Request) -> Response:
        return empty(200)

    async def cluster_health(_request: Request) -> Response:
        members = {"cluster_name": cluster_name, "metadata_cluster_health": {"members": [1]}}
        return answer_json(200, members)

    async def openapi(_request: Request) -> Response:
        return answer_document(describe_api())

    routes = [
        Route("/health", health, methods=["GET"]),
        Route("/openapi", openapi, methods=["GET"]),
        Route("/version", version, methods=["GET"]),
        Route("/cluster-health", cluster_health, methods=["GET"]),
        Route("/query", QueryRoute(questions, bodies).answer, methods=["POST"]),
        *_service_routes(ServiceRoutes(deployments, operations, bodies, ingress_url)),
        *_invocation_routes(InvocationRoutes(operations)),
        *_batch_routes(BatchRoutes(operations, bodies)),
        *_absent_routes(AbsentRoutes(deployments, bodies)),
    ]
    at = DeploymentRoutes(deployments, bodies)
    app = Starlette(
        routes=[
            *(Mount(f"/v{number}", app=_router(number, at, routes)) for number in _VERSIONS),
            Mount("/v1", app=_refuse_v1),
            *_deployment_routes(at),
            *routes,
        ],
        exception_handlers={
            HTTPException: _answer_bare,
            AdminError: _answer_error,
            UnreadableError: _answer_error,
            UnavailableError: _answer_unavailable,
            ClientDisconnect: _answer_nobody,
            Exception: _answer_failure,
        },
    )
    app.router.redirect_slashes = False
    return app


def describe_api() -> dict[str, Any]:
    """Return the OpenAPI document of the admin API."""
    routes = (DeploymentRoutes, ServiceRoutes, AbsentRoutes, QueryRoute)
    bodies = {operation: body for each in routes for operation, body in each.bodies.items()}
    return describe_admin_api(bodies, SERVER_VERSION)


def _router(version: int, at: DeploymentRoutes, routes: list[Route]) -> Router:
    return Router([*_deployment_routes(at, version), *routes], redirect_slashes=False)


def _deployment_routes(at: DeploymentRoutes, version: int = _VERSIONS[-1]) -> list[Route]:
    register, put = (at.register_v2, at.update) if version == 2 else (at.register, at.put)
    one = "/deployments/{deployment}"
    return [
        _methods("/deployments", GET=at.list, POST=register),
        _methods(one, GET=at.show, PATCH=at.update, DELETE=at.remove, PUT=put),
    ]


def _service_routes(at: ServiceRoutes) -> list[Route]:
    return [
        _methods("/services", GET=at.list),
        _methods("/services/{service}", GET=at.show, PATCH=at.change),
        _methods("/services/{service}/handlers", GET=at.list_handlers),
        _methods("/services/{service}/handlers/{handler}", GET=at.show_handler),
        _methods("/services/{service}/openapi", GET=at.show_openapi),
        _methods("/services/{service}/state", POST=at.edit_state),
    ]


def _invocation_routes(at: InvocationRoutes) -> list[Route]:
    one = "/invocations/{invocation_id}"
    return [
        _methods(f"{one}/cancel", PATCH=at.cancel),
        _methods(f"{one}/kill", PATCH=at.kill),
        _methods(f"{one}/pause", PATCH=at.pause),
        _methods(f"{one}/resume", PATCH=at.resume),
        _methods(f"{one}/purge", PATCH=at.purge),
        _methods(f"{one}/purge-journal", PATCH=at.purge_journal),
        _methods(f"{one}/restart-as-new", PATCH=at.restart_as_new),
        _methods(one, DELETE=at.delete),
        _methods("/awakeables", GET=at.list_awakeables),
        _methods("/answers", GET=at.list_answers),
    ]


def _batch_routes(at: BatchRoutes) -> list[Route]:
    prefix = "/internal/invocations_batch_operations"
    return [_methods(f"{prefix}/{change}", POST=partial(at.change, change)) for change in at.changes]


def _absent_routes(at: AbsentRoutes) -> list[Route]:
    serdes = "/internal/services/{service}/serdes"
    return [
        _methods("/subscriptions", GET=at.list_subscriptions, POST=at.subscribe),
        _methods("/subscriptions/{subscription}", GET=at.show_subscription, DELETE=at.unsubscribe),
        _methods("/kafka-clusters", GET=at.list_clusters, POST=at.add_cluster),
        _methods(
            "/kafka-clusters/{cluster}",
            GET=at.show_cluster,
            PATCH=at.change_cluster,
            DELETE=at.remove_cluster,
        ),
        _methods("/limits/rules", PUT=at.set_rules),
        _methods("/limits/rules/bulk-delete", POST=at.delete_rules),
        *(_methods(f"/vqueues/{{queue}}/{change}", POST=at.change_queue) for change in ("pause", "resume")),
        *(_methods(f"{serdes}/{way}/{{serde}}", POST=at.use_serde) for way in ("decode", "encode")),
    ]


def _methods(path: str, **endpoints: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return one route for a path, so that the answer to a wrong method lists all the right ones."""

    async def choose(request: Request) -> Response:
        return await endpoints.get(request.method, endpoints.get("GET", _never))(request)

    return Route(path, choose, methods=list(endpoints))


async def _never(request: Request) -> Response:
    raise HTTPException(405)


#: For every method.
_refuse_v1: Final = PlainTextResponse(
    "Unsupported Admin API version V1. This server supports versions between V2 and V4.", 400
)


async def _answer_bare(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return Response(status_code=status, headers=headers)


async def _answer_error(_request: Request, error: Exception) -> Response:
    if isinstance(error, (AdminError, UnreadableError)):
        return error.response()
    raise error


async def _answer_unavailable(_request: Request, error: Exception) -> Response:
    return AdminError(503, str(error)).response()


async def _answer_nobody(_request: Request, _error: Exception) -> Response:
    return empty(499)  # as nginx logs it; nothing is sent to a client that has left


async def _answer_failure(request: Request, error: Exception) -> Response:
    log.error("the admin API failed at %s %s", request.method, request.url.path, exc_info=error)
    return AdminError(500, "internal error; see the log of the runtime").response()
