"""A handler: its function, its options, and the serialization of its values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, NamedTuple, Never, NoReturn, TypeVar

from awaken.handler.signatures import function_of, resolve_annotation, signature_of
from awaken.serde import DefaultSerde
from awaken.serde.annotations import is_field_info, is_raw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from awaken.handler.options import Options
    from awaken.serde import Serde

    #: What surrounds every attempt of a handler.
    ContextManagerFactory = Callable[[], AbstractAsyncContextManager[None]]

__all__ = [
    "Handler",
    "HandlerIO",
    "HandlerKind",
    "HandlerType",
    "ServiceKind",
    "ServiceTag",
]

#: The input and the output of a handler.
I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741

#: The function of a handler, with or without an input.
HandlerType = Callable[[Any, I], Awaitable[O]] | Callable[[Any], Awaitable[O]]
ServiceKind = Literal["service", "object", "workflow"]
HandlerKind = Literal["exclusive", "shared", "workflow"]

_HANDLER_NAME = re.compile(r"([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*")
_MEDIA_TYPE = re.compile(r"\*/\*|[\w.+!#$&^-]+/(\*|[\w.+!#$&^-]+)", re.ASCII)
_JSON = "application/json"


class ServiceTag(NamedTuple):
    """The service of a handler."""

    kind: ServiceKind
    name: str
    description: str | None = None
    metadata: dict[str, str] | None = None


class HandlerIO(NamedTuple, Generic[I, O]):
    """How the values of a handler are serialized.

    Args:
        accept: media type of the input.
        content_type: media type of the output.
        input_type: annotation of the input; None without a parameter or an annotation.
        output_type: annotation of the output; None without one.
        input_name: name of the parameter; None without one.
        input_default: the input for an empty body; `inspect.Parameter.empty` without a default.
        is_output_void: whether the annotation says that the handler returns nothing or never returns, or is missing.
        input_serde: deserializes the input.
        output_serde: serializes the output.
    """

    accept: str
    content_type: str
    input_type: Any
    output_type: Any
    input_name: str | None
    input_default: Any
    is_output_void: bool
    input_serde: Serde[I]
    output_serde: Serde[O]


@dataclass(eq=False)
class Handler(Generic[I, O]):
    """A handler of a service, virtual object or workflow.

    Args:
        service_tag: the service it belongs to.
        name: its name, for callers.
        kind: None for handlers of plain services.
        fn: the undecorated function.
        options: its options.
        accept: media type of the input, as configured.
        content_type: media type of the output, as configured.
        given_input_serde: deserializes the input; a default serde is narrowed to the annotated type.
        given_output_serde: serializes the output, and deserializes it for handlers that call this one.
        context_managers: entered around every attempt, those of the service before those of the handler.
        arity: 1 for a handler that takes only the context, 2 for one with an input.
    """

    service_tag: ServiceTag
    name: str
    kind: HandlerKind | None
    fn: Callable[..., Awaitable[Any]]
    options: Options
    accept: str = _JSON
    content_type: str = _JSON
    given_input_serde: Serde[I] = field(default_factory=lambda: DefaultSerde[I]())
    given_output_serde: Serde[O] = field(default_factory=lambda: DefaultSerde[O]())
    context_managers: Sequence[ContextManagerFactory] = ()
    arity: int = field(init=False)

    def __post_init__(self) -> None:
        self._check_name()
        self._check_media_types()
        self.options.check(self.target)
        self._check_async()
        self.arity = len(self._parameters())
        with suppress(NameError):  # a type that is defined further down; `io` tries again later
            _ = self.io

    @property
    def service(self) -> str:
        """Name of the service."""
        return self.service_tag.name

    @cached_property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        return f"{self.service_tag.name}/{self.name}"

    @cached_property
    def io(self) -> HandlerIO[I, O]:
        """How the values of this handler are serialized.

        Raises:
            NameError: an annotation names something that does not exist, or not yet.
            TypeError: the default serde does not support a type.
        """
        parameters = self._parameters()
        given = parameters[1] if self.arity == 2 else None
        input_type, default = self._input_of(given)
        output_type = self._annotation("return")
        is_void = output_type in (None, type(None), NoReturn, Never)
        output_type = None if is_void else output_type
        is_raw_input = is_raw(input_type) and isinstance(self.given_input_serde, DefaultSerde)
        is_raw_output = is_raw(output_type) and isinstance(self.given_output_serde, DefaultSerde)
        return HandlerIO(
            accept="*/*" if is_raw_input and self.accept == _JSON else self.accept,
            content_type="application/octet-stream"
            if is_raw_output and self.content_type == _JSON
            else self.content_type,
            input_type=input_type,
            output_type=output_type,
            input_name=None if given is None else given.name,
            input_default=default,
            is_output_void=is_void,
            input_serde=self._serde(self.given_input_serde, input_type, "input_serde"),
            output_serde=self._serde(self.given_output_serde, output_type, "output_serde"),
        )

    def _input_of(self, parameter: inspect.Parameter | None) -> tuple[Any, Any]:
        """Return the type and the default of the input. Pydantic's `= Field(gt=0)` becomes part of the type."""
        if parameter is None:
            return None, inspect.Parameter.empty
        annotation, default = self._annotation(parameter.name), parameter.default
        if not is_field_info(default):
            return annotation, default
        is_required = default.is_required()
        annotation = Annotated[Any if annotation is None else annotation, default]
        return annotation, inspect.Parameter.empty if is_required else default.get_default(
            call_default_factory=True
        )

    def check_strictly(self) -> None:
        """Check that no value would be read as plain JSON because nothing supports its type.

        Raises:
            TypeError: nothing supports a type.
        """
        for option, serde in (("input_serde", self.input_serde), ("output_serde", self.output_serde)):
            if isinstance(serde, DefaultSerde):
                self._resolve(serde, option, is_strict=True)

    @property
    def input_serde(self) -> Serde[I]:
        """Deserializes the input."""
        return self.io.input_serde

    @property
    def output_serde(self) -> Serde[O]:
        """Serializes the output."""
        return self.io.output_serde

    def _check_name(self) -> None:
        if not isinstance(self.name, str) or not _HANDLER_NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.service_tag.name}: {self.name!r} is not a handler name; use letters, digits and "
                "underscores, and begin with a letter"
            )

    def _check_media_types(self) -> None:
        for option, value in (("accept", self.accept), ("content_type", self.content_type)):
            if not isinstance(value, str) or not _MEDIA_TYPE.fullmatch(value):
                raise ValueError(
                    f"{self.target}: {option} is {value!r}; give a media type without parameters, "
                    f"such as {_JSON!r}"
                )

    def _check_async(self) -> None:
        function = function_of(self.fn)
        if inspect.isasyncgenfunction(function):
            raise TypeError(f"{self.target} at {_place(function)} yields; a handler returns its one result")
        if not inspect.iscoroutinefunction(function):
            raise TypeError(
                f"{self.target} at {_place(function)} is a plain function; write `async def`: it would block "
                "the event loop of all other invocations. Blocking work belongs in a run: "
                "`await ctx.run_typed(name, function)`"
            )

    def _parameters(self) -> list[inspect.Parameter]:
        """Return the parameter of the context, and that of the input if there is one."""
        parameters = list(signature_of(self.fn).parameters.values())
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        # No argument is passed for the others, so they must be keyword-only and have defaults.
        rest = [p for p in parameters if p not in positional]
        is_rest_optional = all(p.kind is p.KEYWORD_ONLY and p.default is not p.empty for p in rest)
        if not is_rest_optional or len(positional) not in (1, 2):
            names = ", ".join(str(parameter.replace(annotation=parameter.empty)) for parameter in parameters)
            raise TypeError(
                f"{self.target} at {_place(function_of(self.fn))} takes ({names}); a handler "
                "takes the context, or the context and one input. Put several inputs into a dataclass"
            )
        return positional

    def _annotation(self, name: str) -> Any:
        try:
            return resolve_annotation(self.fn, name)
        except NameError as error:
            raise self._unresolved(name, error) from error

    def _serde(self, given: Serde[Any], annotation: Any, option: str) -> Serde[Any]:
        if not isinstance(given, DefaultSerde):
            return given
        serde = given.with_maybe_type(annotation)
        self._resolve(serde, option)
        return serde

    def _resolve(self, serde: DefaultSerde[Any], option: str, *, is_strict: bool = False) -> None:
        try:
            serde.resolve(is_strict=is_strict)
        except TypeError as error:
            raise TypeError(f"{self.target} at {_place(function_of(self.fn))}: {error} ({option})") from error
        except NameError as error:
            raise self._unresolved(option, error) from error

    def _unresolved(self, name: str, error: NameError) -> NameError:
        return NameError(
            f"{self.target} at {_place(function_of(self.fn))}: the type of {name!r} cannot be resolved "
            f"({error}); define or import the name at the top of its module, outside of TYPE_CHECKING"
        )


def _place(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
