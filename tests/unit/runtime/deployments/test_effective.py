"""A handler's own setting wins over its service's, and that over the runtime's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.runtime.deployments import Overrides
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.settings import RuntimeSettings

from tests.unit.runtime.fakes import CannedEndpoint, Network, make_deployments, manifest

if TYPE_CHECKING:
    from awaken.runtime.deployments import Deployments


async def serving(service: dict[str, Any], **members: Any) -> Deployments:
    deployments = make_deployments(Network(one=CannedEndpoint(body=manifest([service], **members))).dial)
    await deployments.register("http://one")
    return deployments


async def test_the_nearest_setting_wins() -> None:
    deployments = await serving(
        {
            "name": "S",
            "ty": "SERVICE",
            "inactivityTimeout": 1,
            "abortTimeout": 2,
            "retryPolicyMaxAttempts": 0,
            "retryPolicyOnMaxAttempts": "KILL",
            "handlers": [
                {"name": "plain"},
                {"name": "own", "inactivityTimeout": 3, "retryPolicyInitialInterval": 7},
            ],
        }
    )

    plain, own = deployments.handler("S", "plain"), deployments.handler("S", "own")

    assert plain is not None
    assert own is not None
    assert (plain.inactivity_timeout_ms, plain.abort_timeout_ms) == (1, 2)
    assert (own.inactivity_timeout_ms, own.abort_timeout_ms) == (3, 2)
    assert plain.journal_retention_ms == 86_400_000
    assert plain.retry_policy == RetryPolicy(max_attempts=1, on_max_attempts="kill")
    assert own.retry_policy == RetryPolicy(initial_interval_ms=7, max_attempts=1, on_max_attempts="kill")


async def test_runtime_limits_what_services_ask_for() -> None:
    settings = RuntimeSettings(
        max_journal_retention_ms=10,
        max_idempotency_retention_ms=20,
        max_workflow_retention_ms=30,
        max_attempts_limit=3,
    )
    network = Network(
        one=CannedEndpoint(
            body=manifest(
                [
                    {
                        "name": "S",
                        "ty": "WORKFLOW",
                        "handlers": [
                            {"name": "default", "ty": "WORKFLOW"},
                            {
                                "name": "less",
                                "ty": "SHARED",
                                "journalRetention": 9,
                                "idempotencyRetention": 19,
                                "retryPolicyMaxAttempts": 2,
                            },
                        ],
                    }
                ]
            )
        )
    )
    deployments = make_deployments(network.dial, settings=settings)
    await deployments.register("http://one")

    default, less = deployments.handler("S", "default"), deployments.handler("S", "less")

    assert default is not None
    assert less is not None
    assert (default.journal_retention_ms, default.idempotency_retention_ms) == (10, 20)
    assert default.workflow_retention_ms == 30
    assert default.retry_policy == RetryPolicy(max_attempts=3)
    assert (less.journal_retention_ms, less.idempotency_retention_ms) == (9, 19)
    assert less.retry_policy == RetryPolicy(max_attempts=2)


async def test_request_response_never_waits() -> None:
    deployments = await serving(
        {"name": "S", "ty": "SERVICE", "inactivityTimeout": 5, "handlers": [{"name": "h"}]},
        protocolMode="REQUEST_RESPONSE",
    )

    handler = deployments.handler("S", "h")

    assert handler is not None
    assert handler.inactivity_timeout_ms == 0


async def test_payloads_without_a_declaration_have_the_documented_types() -> None:
    deployments = await serving({"name": "S", "ty": "SERVICE", "handlers": [{"name": "h"}]})

    handler = deployments.handler("S", "h")

    assert handler is not None
    assert (handler.input.content_type, handler.input.is_none) == ("*/*", False)
    assert (handler.output.content_type, handler.output.is_none) == ("application/json", False)


async def test_kinds_of_handlers() -> None:
    deployments = await serving(
        {"name": "O", "ty": "VIRTUAL_OBJECT", "handlers": [{"name": "a"}, {"name": "b", "ty": "SHARED"}]}
    )
    handlers = deployments.services()[0].handlers
    assert {name: handler.kind for name, handler in handlers.items()} == {"a": "exclusive", "b": "shared"}

    deployments = await serving(
        {"name": "W", "ty": "WORKFLOW", "handlers": [{"name": "a"}, {"name": "run", "ty": "WORKFLOW"}]}
    )
    handlers = deployments.services()[0].handlers
    assert {name: handler.kind for name, handler in handlers.items()} == {"a": "shared", "run": "workflow"}


async def test_an_operator_may_open_and_close_a_service() -> None:
    deployments = await serving(
        {
            "name": "S",
            "ty": "SERVICE",
            "ingressPrivate": True,
            "handlers": [{"name": "a"}, {"name": "b", "ingressPrivate": True}],
        }
    )

    def public() -> dict[str, bool]:
        service = deployments.services()[0]
        return {"": service.is_public} | {name: h.is_public for name, h in service.handlers.items()}

    assert public() == {"": False, "a": False, "b": False}
    await deployments.override("S", Overrides(public=True))
    assert public() == {"": True, "a": True, "b": False}
    await deployments.override("S", Overrides(public=False, idempotency_retention_ms=9))
    assert public() == {"": False, "a": False, "b": False}
    handler = deployments.handler("S", "a")
    assert handler is not None
    assert handler.idempotency_retention_ms == 9


async def test_what_a_handler_declares_counts_before_what_an_operator_sets_for_its_service() -> None:
    handlers = [{"name": "own", "journalRetention": 2}, {"name": "none"}]
    deployments = await serving(
        {"name": "S", "ty": "SERVICE", "journalRetention": 1, "idempotencyRetention": 1, "handlers": handlers}
    )

    await deployments.override("S", Overrides(journal_retention_ms=3))

    own, none = deployments.handler("S", "own"), deployments.handler("S", "none")
    assert own is not None
    assert none is not None
    assert (own.journal_retention_ms, none.journal_retention_ms) == (2, 3)
    assert none.idempotency_retention_ms == 1
