"""The words of A2A 1.0: its operations in both bindings, the members of its messages, and its errors.

Source: the A2A specification 1.0, §3.1, §5.3, §5.4, §9 and §11, and `lf.a2a.v1` (a2a.proto). An operation that is not
here is refused by name.
"""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from gateway.agents.bodies import Vocabulary

Binding = Literal["JSONRPC", "HTTP+JSON"]
BINDINGS: tuple[Binding, ...] = ("JSONRPC", "HTTP+JSON")
VERSION = "1.0"
ACCEPTED = re.compile(r"1\.0(\.[0-9]{1,4})?")
"""What `A2A-Version` may say: patch numbers mean nothing (§3.6)."""
VERSION_NAME = "a2a-version"
EXTENSIONS_NAME = "a2a-extensions"
MEDIA_TYPE = "application/a2a+json"
CARD_PATH = ".well-known/agent-card.json"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `action`: what policy is asked. `method` and `path`: HTTP+JSON; `{x}` stands for a parameter."""

    action: Literal["message", "task"]
    method: Literal["GET", "POST", "DELETE"]
    path: str
    stream: bool = False


OPERATIONS: Mapping[str, Operation] = {
    "SendMessage": Operation(action="message", method="POST", path="message:send"),
    "SendStreamingMessage": Operation(action="message", method="POST", path="message:stream", stream=True),
    "GetTask": Operation(action="task", method="GET", path="tasks/{id}"),
    "ListTasks": Operation(action="task", method="GET", path="tasks"),
    "CancelTask": Operation(action="task", method="POST", path="tasks/{id}:cancel"),
    "SubscribeToTask": Operation(action="task", method="POST", path="tasks/{id}:subscribe", stream=True),
    "CreateTaskPushNotificationConfig": Operation(
        action="task", method="POST", path="tasks/{taskId}/pushNotificationConfigs"
    ),
    "GetTaskPushNotificationConfig": Operation(
        action="task", method="GET", path="tasks/{taskId}/pushNotificationConfigs/{id}"
    ),
    "ListTaskPushNotificationConfigs": Operation(
        action="task", method="GET", path="tasks/{taskId}/pushNotificationConfigs"
    ),
    "DeleteTaskPushNotificationConfig": Operation(
        action="task", method="DELETE", path="tasks/{taskId}/pushNotificationConfigs/{id}"
    ),
    "GetExtendedAgentCard": Operation(action="message", method="GET", path="extendedAgentCard"),
}
CARD = "AgentCard"
"""Stands for the operation that is none of the protocol's methods: fetching the card."""
MESSAGES = frozenset({"SendMessage", "SendStreamingMessage"})
CARDS = frozenset({CARD, "GetExtendedAgentCard"})


class Fault(msgspec.Struct, frozen=True):
    """An error of the protocol in both bindings: JSON-RPC code, HTTP status, google.rpc status, `ErrorInfo.reason`."""

    code: int
    status: int
    state: str
    reason: str


FAULTS: tuple[Fault, ...] = (
    Fault(-32001, 404, "NOT_FOUND", "TASK_NOT_FOUND"),
    Fault(-32002, 400, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE"),
    Fault(-32003, 400, "FAILED_PRECONDITION", "PUSH_NOTIFICATION_NOT_SUPPORTED"),
    Fault(-32004, 400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION"),
    Fault(-32005, 400, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED"),
    Fault(-32006, 500, "INTERNAL", "INVALID_AGENT_RESPONSE"),
    Fault(-32007, 400, "FAILED_PRECONDITION", "EXTENDED_AGENT_CARD_NOT_CONFIGURED"),
    Fault(-32008, 400, "FAILED_PRECONDITION", "EXTENSION_SUPPORT_REQUIRED"),
    Fault(-32009, 400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED"),
    Fault(-32700, 400, "INVALID_ARGUMENT", "JSON_PARSE"),
    Fault(-32600, 400, "INVALID_ARGUMENT", "INVALID_REQUEST"),
    Fault(-32601, 404, "NOT_FOUND", "METHOD_NOT_FOUND"),
    Fault(-32602, 400, "INVALID_ARGUMENT", "INVALID_PARAMS"),
    Fault(-32603, 500, "INTERNAL", "INTERNAL_ERROR"),
)
BY_CODE: Mapping[int, Fault] = {fault.code: fault for fault in FAULTS}
BY_REASON: Mapping[str, Fault] = {fault.reason: fault for fault in FAULTS}
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
DOMAIN = "a2a-protocol.org"

TERMINAL = frozenset({"TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED"})
INTERRUPTED = frozenset({"TASK_STATE_INPUT_REQUIRED", "TASK_STATE_AUTH_REQUIRED"})
STATES = TERMINAL | INTERRUPTED | frozenset({"TASK_STATE_UNSPECIFIED", "TASK_STATE_SUBMITTED", "TASK_STATE_WORKING"})
UPDATES = ("task", "message", "statusUpdate", "artifactUpdate")
"""What an event of a stream may be (`StreamResponse`); the first two are what the answer to a message may be."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COUNT = (0, 9_999_999)
A2A = Vocabulary(
    keys=_set(
        "@type acceptedOutputModes append artifact artifactId artifacts artifactUpdate authentication "
        "capabilities code configs configuration contextId credentials data defaultInputModes defaultOutputModes "
        "description details documentationUrl domain error examples extendedAgentCard extensions filename header "
        "history historyLength iconUrl id includeArtifacts inputModes lastChunk mediaType message messageId "
        "metadata name nextPageToken organization outputModes pageSize pageToken params parts provider "
        "pushNotifications raw reason referenceTaskIds required returnImmediately role scheme signatures skills "
        "state status statusTimestampAfter statusUpdate streaming supportedInterfaces tags task taskId "
        "taskPushNotificationConfig tasks tenant text timestamp token totalSize uri url version"
    ),
    words={
        "role": _set("ROLE_UNSPECIFIED ROLE_USER ROLE_AGENT"),
        "state": STATES,
        "status": STATES | {fault.state for fault in FAULTS},
        "reason": frozenset(BY_REASON),
        "domain": frozenset({DOMAIN}),
    },
    numbers=dict.fromkeys(("historyLength", "pageSize", "totalSize"), _COUNT) | {"code": (-32_999, 999)},
    names=_set(
        "acceptedOutputModes artifactId contextId credentials extensions id mediaType messageId nextPageToken "
        "pageToken reason referenceTaskIds scheme taskId tenant token uri url"
    ),
)
"""The protocol's own members. What stands in `data`, `metadata` or an extension's `params` is somebody's."""
FREE = _set("data metadata params header")
TIMES = _set("timestamp statusTimestampAfter")
TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
"""When the agent did something (§5.6.1): no date of anybody's."""
SPELLINGS: Mapping[str, str] = {key.casefold(): key for key in A2A.keys}


def misspelt(key: str) -> bool:
    """Whether a key is another spelling (`context_id`, `ContextId`) of one of the protocol's: readers of ProtoJSON take
    the former for the same, and some the latter, so that they would read another message than the gateway."""
    if key in A2A.keys:
        return False
    return key.replace("_", "").casefold() in SPELLINGS
