import datetime

from awaken.control.v1 import common_pb2 as _common_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResolveRequest(_message.Message):
    __slots__ = ("id", "value", "encoded")
    ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    id: str
    value: bytes
    encoded: bool
    def __init__(self, id: _Optional[str] = ..., value: _Optional[bytes] = ..., encoded: _Optional[bool] = ...) -> None: ...

class RejectRequest(_message.Message):
    __slots__ = ("id", "failure")
    ID_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    id: str
    failure: _common_pb2.Failure
    def __init__(self, id: _Optional[str] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ...) -> None: ...

class CompletionResponse(_message.Message):
    __slots__ = ("outcome", "missing_approvals")
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[CompletionResponse.Outcome]
        OUTCOME_APPLIED: _ClassVar[CompletionResponse.Outcome]
        OUTCOME_ACCEPTED: _ClassVar[CompletionResponse.Outcome]
    OUTCOME_UNSPECIFIED: CompletionResponse.Outcome
    OUTCOME_APPLIED: CompletionResponse.Outcome
    OUTCOME_ACCEPTED: CompletionResponse.Outcome
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    MISSING_APPROVALS_FIELD_NUMBER: _ClassVar[int]
    outcome: CompletionResponse.Outcome
    missing_approvals: int
    def __init__(self, outcome: _Optional[_Union[CompletionResponse.Outcome, str]] = ..., missing_approvals: _Optional[int] = ...) -> None: ...

class Awakeable(_message.Message):
    __slots__ = ("id", "invocation_id", "target", "state", "since", "name", "type_name", "labels", "expires_at", "question_id", "approval")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Awakeable.State]
        STATE_PENDING: _ClassVar[Awakeable.State]
        STATE_COMPLETED: _ClassVar[Awakeable.State]
        STATE_NOT_AWAITED: _ClassVar[Awakeable.State]
        STATE_INVOCATION_COMPLETED: _ClassVar[Awakeable.State]
    STATE_UNSPECIFIED: Awakeable.State
    STATE_PENDING: Awakeable.State
    STATE_COMPLETED: Awakeable.State
    STATE_NOT_AWAITED: Awakeable.State
    STATE_INVOCATION_COMPLETED: Awakeable.State
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_NAME_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    id: str
    invocation_id: str
    target: _common_pb2.Target
    state: Awakeable.State
    since: _timestamp_pb2.Timestamp
    name: str
    type_name: str
    labels: _containers.ScalarMap[str, str]
    expires_at: _timestamp_pb2.Timestamp
    question_id: str
    approval: Approval
    def __init__(self, id: _Optional[str] = ..., invocation_id: _Optional[str] = ..., target: _Optional[_Union[_common_pb2.Target, _Mapping]] = ..., state: _Optional[_Union[Awakeable.State, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., name: _Optional[str] = ..., type_name: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., question_id: _Optional[str] = ..., approval: _Optional[_Union[Approval, _Mapping]] = ...) -> None: ...

class Approval(_message.Message):
    __slots__ = ("approvers", "not_by", "quorum", "rejections", "answers")
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    NOT_BY_FIELD_NUMBER: _ClassVar[int]
    QUORUM_FIELD_NUMBER: _ClassVar[int]
    REJECTIONS_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    approvers: _containers.RepeatedScalarFieldContainer[str]
    not_by: _containers.RepeatedScalarFieldContainer[str]
    quorum: int
    rejections: int
    answers: int
    def __init__(self, approvers: _Optional[_Iterable[str]] = ..., not_by: _Optional[_Iterable[str]] = ..., quorum: _Optional[int] = ..., rejections: _Optional[int] = ..., answers: _Optional[int] = ...) -> None: ...

class GetAwakeableRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ListAwakeablesRequest(_message.Message):
    __slots__ = ("service", "key", "page_size", "page_token")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    service: str
    key: str
    page_size: int
    page_token: str
    def __init__(self, service: _Optional[str] = ..., key: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAwakeablesResponse(_message.Message):
    __slots__ = ("awakeables", "next_page_token")
    AWAKEABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    awakeables: _containers.RepeatedCompositeFieldContainer[Awakeable]
    next_page_token: str
    def __init__(self, awakeables: _Optional[_Iterable[_Union[Awakeable, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchAwakeablesRequest(_message.Message):
    __slots__ = ("service", "key", "interval")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    service: str
    key: str
    interval: _duration_pb2.Duration
    def __init__(self, service: _Optional[str] = ..., key: _Optional[str] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class AwakeableEvent(_message.Message):
    __slots__ = ("kind", "awakeable")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[AwakeableEvent.Kind]
        KIND_PENDING: _ClassVar[AwakeableEvent.Kind]
        KIND_GONE: _ClassVar[AwakeableEvent.Kind]
    KIND_UNSPECIFIED: AwakeableEvent.Kind
    KIND_PENDING: AwakeableEvent.Kind
    KIND_GONE: AwakeableEvent.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    AWAKEABLE_FIELD_NUMBER: _ClassVar[int]
    kind: AwakeableEvent.Kind
    awakeable: Awakeable
    def __init__(self, kind: _Optional[_Union[AwakeableEvent.Kind, str]] = ..., awakeable: _Optional[_Union[Awakeable, _Mapping]] = ...) -> None: ...
