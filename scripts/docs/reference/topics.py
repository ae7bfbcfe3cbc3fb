"""Which public names of the package are on which page of its reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """A page."""

    file: str
    title: str
    about: str
    #: Modules, all of whose public names are on the page, or `module:Name` for one of them.
    names: tuple[str, ...]


TOPICS: Final = (
    Topic(
        "services",
        "Services and handlers",
        "Declare handlers, group them, and make an application of them.",
        ("service", "object", "workflow", "endpoint", "retry_policy", "handler"),
    ),
    Topic(
        "context",
        "Contexts",
        "What a handler may do: each kind of handler is given the context that fits it.",
        (
            "context:Context",
            "context:ObjectContext",
            "context:ObjectSharedContext",
            "context:WorkflowContext",
            "context:WorkflowSharedContext",
            "context:ScopedContext",
            "context.state",
            "context.request",
            "context.runs",
            "extensions",
            "server_context:clear_extension_data",
            "server_context:get_extension_data",
            "server_context:set_extension_data",
        ),
    ),
    Topic(
        "results",
        "Durable results",
        "What handlers await: awakeables, calls, sleeps and promises, alone and combined.",
        (
            "awaken:Awakeable",
            "awaken:Callback",
            "awaken:CallbackLink",
            "context:DurablePromise",
            "context:RestateDurableFuture",
            "context:RestateDurableCallFuture",
            "context:RestateDurableSleepFuture",
            "context:SendHandle",
            "asyncio",
        ),
    ),
    Topic(
        "approvals",
        "Approvals and links",
        "Ask people, tell them by mail or in Slack, and hand out signed links.",
        (
            "approvals:Verdict",
            "approvals:VerdictAnswer",
            "approvals:Approval",
            "approvals:ApprovalMessage",
            "approvals:ApprovalLink",
            "approvals:Via",
            "notify",
            "links:CallbackSettings",
            "links:LinkSigner",
            "links:configure_callbacks",
            "links:register_callback_type",
            "callbacks",
        ),
    ),
    Topic("exceptions", "Exceptions", "Every exception that awaken raises, or that you raise.", ("errors",)),
    Topic("payloads", "Payloads", "Between Python values and bytes.", ("serde", "entry_codec")),
    Topic(
        "client", "Client", "Call handlers, and complete awakeables, from outside, over HTTP.", ("client",)
    ),
    Topic("control", "Control client", "The same, and more, over gRPC.", ("control.client",)),
    Topic(
        "testing",
        "Testing",
        "Run an application in a test, move its time, and crash it.",
        ("testing", "harness"),
    ),
    Topic(
        "serving",
        "Serving",
        "Run an endpoint, or parts of awaken, in a process of your own.",
        ("serve", "inbox", "transports.hosted.aws_lambda:LambdaHandler"),
    ),
    Topic(
        "observing",
        "Logs and traces",
        "What a handler logs and traces once.",
        ("logging", "telemetry", "ext.tracing"),
    ),
    Topic(
        "agents",
        "Agent frameworks",
        "Adapters for four frameworks, whose agents run in handlers.",
        ("ext.openai", "ext.pydantic", "ext.langchain", "ext.adk"),
    ),
)

#: Modules with the names and places of the official SDK. What they have is on the pages above, under one name each.
OTHER_PLACES: Final = (
    "client_types",
    "context",
    "context_managers",
    "exceptions",
    "server_context",
    "server_types",
    "types",
    "vm",
)
