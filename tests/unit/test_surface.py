"""The surface we share with the official SDK: one table of facts, true of both.

An application written for the official SDK imports these names, calls them with these parameters in this order, and
relies on these defaults. Ours may take more, after those and optional.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any, NamedTuple

import awaken
import pytest
import restate
import restate.extensions

DOCS = Path(__file__).parents[2] / "docs" / "comparison" / "official-api.md"

DEFINITION = (
    "description=None, metadata=None, inactivity_timeout=None, abort_timeout=None, journal_retention=None, "
    "idempotency_retention=None"
)
STATE = "enable_lazy_state=None, state_preload=None"
LAST = "ingress_private=None, invocation_retry_policy=None, invocation_context_managers=None"
IO = (
    "accept='application/json', content_type='application/json', input_serde=DefaultSerde(), "
    "output_serde=DefaultSerde(), metadata=None, inactivity_timeout=None, abort_timeout=None, journal_retention=None"
)
TYPED = "serde=DefaultSerde(), type_hint=None"
OPTIONS = "idempotency_key=None, headers=None"
ASYNC_CALLS = f"""
async {{}}.service_call(self, tpe, arg, {OPTIONS})
async {{}}.service_send(self, tpe, arg, send_delay=None, {OPTIONS})
async {{}}.object_call(self, tpe, key, arg, {OPTIONS})
async {{}}.object_send(self, tpe, key, arg, send_delay=None, {OPTIONS})
async {{}}.workflow_call(self, tpe, key, arg, {OPTIONS})
async {{}}.workflow_send(self, tpe, key, arg, send_delay=None, {OPTIONS})
"""
CALLS = ASYNC_CALLS.replace("async ", "")


def scoped(calls: str) -> str:
    return calls.replace("idempotency_key=None", "limit_key=None, idempotency_key=None")


#: Callables by their path, as a definition; `async` where calling gives a coroutine.
SIGNATURES = f"""
Service(name, {DEFINITION}, {LAST})
Service.handler(self, name=None, {IO}, idempotency_retention=None, {LAST})
VirtualObject(name, {DEFINITION}, {STATE}, {LAST})
VirtualObject.handler(self, name=None, kind='exclusive', {IO}, idempotency_retention=None, {STATE}, {LAST})
Workflow(name, {DEFINITION}, {STATE}, {LAST})
Workflow.main(self, name=None, {IO}, workflow_retention=None, {STATE}, {LAST})
Workflow.handler(self, name=None, {IO}, idempotency_retention=None, {STATE}, {LAST})
InvocationRetryPolicy(initial_interval=None, exponentiation_factor=None, max_interval=None, max_attempts=None, \
on_max_attempts=None)
RunOptions({TYPED}, max_attempts=None, max_duration=None, initial_retry_interval=None, max_retry_interval=None, \
retry_interval_factor=None, max_retry_duration=None)
handler.handler_from_callable(wrapper)

app(services, protocol=None, identity_keys=None, journal_value_codec=None)
endpoint.app(services, protocol=None, identity_keys=None, journal_value_codec=None)
endpoint.Endpoint()
endpoint.Endpoint.bind(self, *services)
endpoint.Endpoint.streaming_protocol(self)
endpoint.Endpoint.request_response_protocol(self)
endpoint.Endpoint.identity_key(self, identity_key)
endpoint.Endpoint.set_journal_value_codec(self, codec_or_provider)
endpoint.Endpoint.app(self)

Context.request(self)
Context.scope(self, scope)
Context.signal(self, name, {TYPED})
Context.resolve_signal(self, invocation_id, name, value, serde=DefaultSerde())
Context.reject_signal(self, invocation_id, name, failure_message, failure_code=500)
Context.random(self)
Context.uuid(self)
Context.time(self)
Context.run(self, name, action, serde=DefaultSerde(), max_attempts=None, max_retry_duration=None, type_hint=None, \
args=None)
Context.run_typed(self, name, action, options=RunOptions(), /, *args, **kwargs)
Context.sleep(self, delta, name=None)
{CALLS.format(*["Context"] * 6)}
Context.generic_call(self, service, handler, arg, key=None, {OPTIONS}, scope=None, limit_key=None)
Context.generic_send(self, service, handler, arg, key=None, send_delay=None, {OPTIONS}, scope=None, limit_key=None)
Context.awakeable(self, {TYPED})
Context.resolve_awakeable(self, name, value, serde=DefaultSerde())
Context.reject_awakeable(self, name, failure_message, failure_code=500)
Context.cancel_invocation(self, invocation_id)
Context.attach_invocation(self, invocation_id, {TYPED})
{scoped(CALLS.format(*["ScopedContext"] * 6))}
context.KeyValueStore.get(self, name, {TYPED}, entry_name=None)
context.KeyValueStore.state_keys(self, entry_name=None)
context.KeyValueStore.set(self, name, value, serde=DefaultSerde(), entry_name=None)
context.KeyValueStore.clear(self, name, entry_name=None)
context.KeyValueStore.clear_all(self, entry_name=None)
ObjectContext.key(self)
ObjectSharedContext.key(self)
ObjectSharedContext.get(self, name, {TYPED}, entry_name=None)
ObjectSharedContext.state_keys(self, entry_name=None)
WorkflowContext.promise(self, name, {TYPED})
WorkflowSharedContext.promise(self, name, {TYPED})
DurablePromise.value(self)
DurablePromise.resolve(self, value)
DurablePromise.reject(self, message, code=500)
DurablePromise.peek(self)
DurablePromise.__await__(self)
RestateDurableFuture.__await__(self)
async RestateDurableCallFuture.invocation_id(self)
async RestateDurableCallFuture.cancel_invocation(self)
async SendHandle.invocation_id(self)
async SendHandle.cancel_invocation(self)
context.Request(id, headers, attempt_headers, body, attempt_finished_event, scope=None, limit_key=None, \
idempotency_key=None)
context.AttemptFinishedEvent.is_set(self)
async context.AttemptFinishedEvent.wait(self)

async gather(*futures)
async select(**futures)
as_completed(*futures)
async wait_completed(*futures)

TerminalError(message, status_code=500, metadata=None)
exceptions.RetryableError(message, status_code=500, retry_after=None)
is_internal_exception(e)
HttpError(status_code, message, body=None)

getLogger(name=None)
RestateLoggingFilter(name='')
RestateLoggingFilter.filter(self, record)
serde.Serde.serialize(self, obj)
serde.Serde.deserialize(self, buf)
serde.DefaultSerde(type_hint=None)
serde.DefaultSerde.with_maybe_type(self, type_hint=None)
serde.PydanticJsonSerde(model)
serde.MsgspecJsonSerde(model)
serde.is_pydantic(annotation)
JournalValueCodec.encode(self, buf)
async JournalValueCodec.decode(self, buf)
extensions.current_context()
extensions.contextvar(func)
server_context.current_context()
server_context.set_extension_data(ctx, key, value)
server_context.get_extension_data(ctx, key)
server_context.clear_extension_data(ctx, key)
types.extract_core_type(annotation)

create_client(ingress=None, headers=None, journal_value_codec=None)
RestateClient.scope(self, scope)
{ASYNC_CALLS.format(*["RestateClient"] * 6)}
async RestateClient.generic_call(self, service, handler, arg, key=None, {OPTIONS}, scope=None, limit_key=None)
async RestateClient.generic_send(self, service, handler, arg, key=None, send_delay=None, {OPTIONS}, scope=None, \
limit_key=None)
{scoped(ASYNC_CALLS.format(*["client_types.RestateScopedClient"] * 6))}
RestateClientSendHandle(invocation_id, status_code)
"""

#: Further names of the submodules: types, properties, modules. Those of SIGNATURES are theirs, too.
NAMES = """
asyncio: as_completed gather select wait_completed
client: create_client
client_types: HttpError RestateClient RestateClientSendHandle RestateScopedClient
context: AttemptFinishedEvent Context DefaultSerde DurablePromise HandlerType KeyValueStore ObjectContext \
ObjectSharedContext Request RestateDurableCallFuture RestateDurableFuture RestateDurableSleepFuture RunAction \
RunOptions ScopedContext SendHandle Serde WorkflowContext WorkflowSharedContext
endpoint: Endpoint app
entry_codec: JournalValueCodec JournalValueCodecProvider
exceptions: RetryableError SdkInternalBaseException SdkInternalException SuspendedException TerminalError \
is_internal_exception
extensions: contextvar current_context
handler: Handler HandlerIO ServiceTag handler_from_callable
logging: RestateLoggingFilter getLogger
object: VirtualObject
retry_policy: InvocationRetryPolicy
serde: BytesSerde DefaultSerde JsonSerde MsgspecJsonSerde PydanticJsonSerde Serde is_pydantic
server_context: DisconnectedException ServerCallDurableFuture ServerDurableFuture ServerDurablePromise \
ServerDurableSleepFuture ServerInvocationContext ServerScopedContext ServerSendHandle clear_extension_data \
current_context get_extension_data restate_context_is_replaying set_extension_data
server_types: ASGIApp Receive RestateAppT RestateLambdaHandler RestateLambdaRequest RestateLambdaResponse Scope Send
service: Service
types: HarnessEnvironment extract_core_type
vm:
workflow: Workflow
"""

#: Names of `restate.__all__` that we leave out; docs/comparison/official-api.md says why.
LEFT_OUT = {
    "connect",
    "with_connection",
    "ConnectError",
}


class Parameter(NamedTuple):
    """What callers depend on; the names of `*args` and `**kwargs` do not matter."""

    name: str
    kind: str
    default: str


def facts() -> list[tuple[str, bool, list[Parameter]]]:
    """Read the table: path, whether it is async, parameters."""
    found = []
    for line in SIGNATURES.splitlines():
        if not line.strip():
            continue
        is_async, _, rest = line.rpartition("async ")
        path, _, parameters = rest.partition("(")
        definition = ast.parse(f"def _({parameters}: ...").body[0]
        assert isinstance(definition, ast.FunctionDef)
        found.append((path, bool(is_async) or line.startswith("async "), table_parameters(definition.args)))
    return found


def table_parameters(args: ast.arguments) -> list[Parameter]:
    positional = [(arg, "POSITIONAL_ONLY") for arg in args.posonlyargs]
    positional += [(arg, "POSITIONAL_OR_KEYWORD") for arg in args.args]
    defaults = [""] * (len(positional) - len(args.defaults)) + [
        ast.unparse(default) for default in args.defaults
    ]
    found = [Parameter(arg.arg, kind, text) for (arg, kind), text in zip(positional, defaults, strict=True)]
    if args.vararg is not None:
        found.append(Parameter("", "VAR_POSITIONAL", ""))
    if args.kwarg is not None:
        found.append(Parameter("", "VAR_KEYWORD", ""))
    return found


def parameters_of(target: Any) -> list[Parameter]:
    return [
        Parameter(
            "" if parameter.kind.name.startswith("VAR") else parameter.name,
            parameter.kind.name,
            default_text(target, parameter),
        )
        for parameter in inspect.signature(target).parameters.values()
    ]


def default_text(target: Any, parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is parameter.empty:
        return ""
    if repr(value) == "<factory>":  # of a dataclass
        value = getattr(target(), parameter.name)
    return (
        f"{type(value).__name__}()"
        if type(value).__module__.startswith(("awaken", "restate"))
        else repr(value)
    )


def resolve(sdk: Any, path: str) -> Any:
    """Find an attribute; submodules are attributes after `import awaken as restate`."""
    target = sdk
    for name in path.split("."):
        target = getattr(target, name)
    return target


FACTS = facts()
PATHS = [path for path, _, _ in FACTS]


def test_table_is_read_whole() -> None:
    assert len(FACTS) > 100
    assert len(set(PATHS)) == len(PATHS)
    assert FACTS[0][2][:2] == [
        Parameter("name", "POSITIONAL_OR_KEYWORD", ""),
        Parameter("description", "POSITIONAL_OR_KEYWORD", "None"),
    ]


@pytest.mark.parametrize(("path", "is_async", "parameters"), FACTS, ids=PATHS)
def test_official_sdk_is_as_the_table_says(path: str, is_async: bool, parameters: list[Parameter]) -> None:
    target = resolve(restate, path)
    assert parameters_of(target) == parameters
    assert inspect.iscoroutinefunction(target) == is_async


@pytest.mark.parametrize(("path", "is_async", "parameters"), FACTS, ids=PATHS)
def test_ours_takes_the_same_and_what_it_takes_beyond_is_optional(
    path: str, is_async: bool, parameters: list[Parameter]
) -> None:
    target = resolve(awaken, path)
    ours = parameters_of(target)
    assert ours[: len(parameters)] == parameters
    for extra in ours[len(parameters) :]:
        assert extra.default or extra.kind.startswith("VAR"), f"{extra.name} is not optional"
    assert inspect.iscoroutinefunction(target) == is_async


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_submodules_have_the_names(line: str) -> None:
    module, _, names = line.partition(":")
    theirs = importlib.import_module(f"restate.{module}")
    ours = importlib.import_module(f"awaken.{module}")
    assert getattr(awaken, module) is ours
    for name in names.split():
        assert hasattr(theirs, name), f"restate.{module}.{name} does not exist"
        assert hasattr(ours, name), f"awaken.{module} lacks {name}"
        # The class is one and the same, wherever it is imported from.
        if inspect.isclass(getattr(ours, name)) and hasattr(awaken, name):
            assert getattr(ours, name) is getattr(awaken, name)


def test_top_level_has_everything_but_what_is_left_out_and_the_docs_tell_it() -> None:
    assert set(restate.__all__) - set(awaken.__all__) == LEFT_OUT
    page = DOCS.read_text()
    for name in LEFT_OUT:
        assert f"`{name}" in page, f"docs/comparison/official-api.md does not mention {name}"


def test_suspended_exception_is_where_applications_look_for_it() -> None:
    assert awaken.vm.SuspendedException is awaken.exceptions.SuspendedException


@pytest.mark.parametrize("sdk", [restate, awaken])
def test_definitions_have_their_attributes(sdk: Any) -> None:
    for definition in (sdk.Service("A"), sdk.VirtualObject("B"), sdk.Workflow("C")):
        assert definition.service_tag.name == definition.name
        assert definition.handlers == {}


@pytest.mark.parametrize("sdk", [restate, awaken])
def test_endpoint_has_its_attributes(sdk: Any) -> None:
    endpoint = sdk.endpoint.Endpoint()
    assert endpoint.bind(sdk.Service("A")) is endpoint
    assert endpoint.streaming_protocol() is endpoint
    assert endpoint.protocol == "bidi"
    endpoint.request_response_protocol()
    assert endpoint.protocol == "request_response"
    endpoint.identity_key("publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f")
    assert endpoint.identity_keys == ["publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"]
    assert list(endpoint.services) == ["A"]
    assert callable(endpoint.app())


@pytest.mark.parametrize("sdk", [restate, awaken])
@pytest.mark.parametrize(
    ("name", "bases"),
    [
        ("ObjectContext", ("Context", "context.KeyValueStore")),
        ("ObjectSharedContext", ("Context",)),
        ("WorkflowContext", ("ObjectContext",)),
        ("WorkflowSharedContext", ("ObjectSharedContext",)),
        ("RestateDurableCallFuture", ("RestateDurableFuture",)),
        ("RestateDurableSleepFuture", ("RestateDurableFuture",)),
        ("exceptions.SuspendedException", ("SdkInternalBaseException",)),
        ("exceptions.SdkInternalException", ("SdkInternalBaseException",)),
    ],
)
def test_subclasses_are_subclasses(sdk: Any, name: str, bases: tuple[str, ...]) -> None:
    for base in bases:
        assert issubclass(resolve(sdk, name), resolve(sdk, base))
