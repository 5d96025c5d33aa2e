"""A2A 1.0: every place that its published types know of, in requests of both bindings, in answers, cards and events."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Required, TypedDict

import pytest
from a2a import types as a2a
from google.protobuf.descriptor import Descriptor, FieldDescriptor  # type: ignore[import-untyped]

from gateway.checks.classification.stream import StreamScan
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Message, Part
from gateway.core.ports import StreamFilter
from gateway.core.refusal import Refusal
from tests.agents.a2a_making import AGENT, RPC, message, result, rpc, task
from tests.agents.a2a_making import read as message_of
from tests.agents.support import answer as wire
from tests.extraction.listing import Tables, check
from tests.extraction.planting import (
    DENIED,
    DROPPED,
    LIMITS,
    LOST,
    MASKED,
    NOT_TAKEN,
    REFUSED,
    UNSCANNED,
    Verdicts,
    data,
    holds,
    look,
    planted,
    streamed,
    usual,
)
from tests.extraction.shapes import Place, apart, places

SENDS = {
    "SendMessage": a2a.SendMessageRequest,
    "GetTask": a2a.GetTaskRequest,
    "ListTasks": a2a.ListTasksRequest,
    "CancelTask": a2a.CancelTaskRequest,
    "SubscribeToTask": a2a.SubscribeToTaskRequest,
    "CreateTaskPushNotificationConfig": a2a.TaskPushNotificationConfig,
    "GetTaskPushNotificationConfig": a2a.GetTaskPushNotificationConfigRequest,
    "ListTaskPushNotificationConfigs": a2a.ListTaskPushNotificationConfigsRequest,
    "DeleteTaskPushNotificationConfig": a2a.DeleteTaskPushNotificationConfigRequest,
    "GetExtendedAgentCard": a2a.GetExtendedAgentCardRequest,
}
GIVES = {
    "SendMessage": a2a.SendMessageResponse,
    "GetTask": a2a.Task,
    "ListTasks": a2a.ListTasksResponse,
    "CreateTaskPushNotificationConfig": a2a.TaskPushNotificationConfig,
    "ListTaskPushNotificationConfigs": a2a.ListTaskPushNotificationConfigsResponse,
    "GetExtendedAgentCard": a2a.AgentCard,
}
ASKED: dict[str, dict[str, Any]] = {
    "SendMessage": {"message": message()},
    "GetTask": {"id": "x"},
    "ListTasks": {},
    "CreateTaskPushNotificationConfig": {"taskId": "x", "id": "x", "url": "https://a.example"},
    "ListTaskPushNotificationConfigs": {"taskId": "x"},
    "GetExtendedAgentCard": {},
}
_LEAST: dict[str, Any] = {
    "parts": [{"text": "tea"}],
    "supportedInterfaces": [{"url": "https://a.example", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
    "url": "https://a.example",
}
"""What stands in members that may not be empty, or not be any text."""
_REQUIRED = 2
"""`google.api.FieldBehavior.REQUIRED`."""
_FREE = {"google.protobuf.Struct": dict[str, Any], "google.protobuf.Value": Any, "google.protobuf.Timestamp": str}


def shape(described: Descriptor) -> Any:
    """A message type of protobuf as the type of its JSON form (ProtoJSON): members by their names there, required where
    the protocol says so. A choice (`oneof`) is one type for each that can be chosen."""
    choices = [choice for choice in described.oneofs if not choice.name.startswith("_")]
    if not choices:
        return _record(described.name, described, ())
    (choice,) = choices
    forms = [_record(f"{described.name}<{field.json_name}>", described, (field,)) for field in choice.fields]
    union = forms[0]
    for form in forms[1:]:
        union = union | form
    return union


def _record(name: str, described: Descriptor, chosen: tuple[FieldDescriptor, ...]) -> Any:
    members: dict[str, Any] = {}
    for field in described.fields:
        choice = field.containing_oneof
        if choice is not None and not choice.name.startswith("_") and field not in chosen:
            continue
        members[field.json_name] = Required[_type(field)] if _required(field) or field in chosen else _type(field)
    return TypedDict(name, members, total=False)  # type: ignore[operator]


def _required(field: FieldDescriptor) -> bool:
    return any(
        option.name == "field_behavior" and _REQUIRED in value for option, value in field.GetOptions().ListFields()
    )


def _type(field: FieldDescriptor) -> Any:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return dict[str, _one(inner.fields_by_name["value"])]  # type: ignore[misc]
    return list[_one(field)] if field.is_repeated else _one(field)  # type: ignore[misc]


def _one(field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        free = _FREE.get(field.message_type.full_name)
        return shape(field.message_type) if free is None else free
    if field.enum_type is not None:
        return Literal[tuple(value.name for value in field.enum_type.values if value.number)]
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return bool
    return str if field.cpp_type == FieldDescriptor.CPPTYPE_STRING else int


def _places(kind: Any, steps: int = 2) -> list[Place]:
    found = apart(places(shape(kind.DESCRIPTOR)), steps)
    return [place._replace(wrap=_fitting(place)) for place in found]


def _fitting(place: Place) -> Callable[[Any], Any]:
    return lambda value: _fit(place.wrap(value))


def _fit(value: Any) -> Any:
    """The smallest document, with what the protocol asks for beyond its types: a message has parts, a card the agent's
    interface, and what news are sent to is an address."""
    if isinstance(value, list):
        return [_fit(item) for item in value]
    if not isinstance(value, dict):
        return value
    fitting = {name: _fit(item) for name, item in value.items()}
    for name, least in _LEAST.items():
        if fitting.get(name) in ([], "x"):
            fitting[name] = least
    return fitting


def _verdict(parts: tuple[Part, ...], leaves: Callable[[dict[str, str]], bytes], *, number: bool) -> str:
    """As `planting.judge`, for places that are no pointers (texts next to each other, files)."""
    found, masks = look(parts)
    whole = "card" in found if number else found >= {"us-ssn", "email"}
    if masks == UNSCANNED:
        return UNSCANNED
    if not whole or masks == LOST:
        return LOST
    if isinstance(masks, str):
        return DENIED
    return LOST if holds(leaves(dict(masks))) else MASKED


def _requests() -> Verdicts:
    verdicts: Verdicts = {}
    for operation, kind in SENDS.items():
        for place in _places(kind):
            verdicts[place] = _sent(operation, place)
    return verdicts


def _sent(operation: str, place: Place) -> str:
    read = RPC.read(rpc(operation, planted(place)), LIMITS)
    if isinstance(read, Refusal):
        ordinary = RPC.read(rpc(operation, usual(place)), LIMITS)
        return NOT_TAKEN if isinstance(ordinary, Refusal) else REFUSED
    return _verdict(read.parts, partial(_outgoing, read), number=place.kind == "number")


def _outgoing(read: Message, masks: dict[str, str]) -> bytes:
    outgoing = RPC.render(read, AGENT, masks)
    return outgoing.body + outgoing.path.encode() + repr(outgoing.headers).encode()


def _answers() -> Verdicts:
    verdicts: Verdicts = {}
    for operation, kind in GIVES.items():
        asked = message_of(rpc(operation, ASKED[operation]))
        for place in _places(kind, 3):
            verdicts[place] = _given(asked, place)
    return verdicts


def _given(asked: Message, place: Place) -> str:
    read = _understood(asked, planted(place))
    if read is None:
        return NOT_TAKEN if _understood(asked, usual(place)) is None else REFUSED
    if not holds(RPC.render_answer(read, {})):
        return DROPPED if not any(holds(part.text) for part in read.parts) else LOST
    return _verdict(read.parts, lambda masks: RPC.render_answer(read, masks), number=place.kind == "number")


def _understood(asked: Message, value: Any) -> Answer | None:
    try:
        return RPC.read_answer(wire(result(value)), asked, AGENT)
    except AgentError:
        return None


def _events() -> Verdicts:
    asked = message_of(rpc("SendStreamingMessage", {"message": message()}))

    def opened(lanes: StreamScan) -> StreamFilter:
        return RPC.stream(asked, lanes, LIMITS, AGENT)

    def around(event: Any) -> list[bytes]:
        ended = {"taskId": "t-1", "contextId": "c-1", "status": {"state": "TASK_STATE_COMPLETED"}}
        said = [{"task": task()}, event, {"statusUpdate": ended}]
        return [data(result(one)) for one in said]

    return streamed(opened, _places(a2a.StreamResponse, 3), around)


TABLES: Tables = {"a2a-requests": _requests, "a2a-answers": _answers, "a2a-events": _events}


@pytest.mark.parametrize("table", TABLES)
def test_no_place_is_lost_and_every_place_is_listed(table: str) -> None:
    check(table, TABLES[table]())
