"""One A2A request, whichever binding it came in: an operation and its parameters, told strictly.

What two readers could take differently ends here: a version in header and query that are not the same, an id in the
path and another in the body, a key twice. Names of sessions and URLs that the agent would contact are told from here.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.agents.a2a_pending import approval_in, without_approval
from gateway.agents.a2a_words import (
    ACCEPTED,
    CARD,
    CARD_PATH,
    EXTENSIONS_NAME,
    MESSAGES,
    OPERATIONS,
    VERSION,
    VERSION_NAME,
    Binding,
)
from gateway.agents.formats.pairs import Pair, read_pairs
from gateway.agents.mcp_rpc import MAX_ID, Id
from gateway.core.message import Inbound
from gateway.core.refusal import Refusal

_NAMED = re.compile(r"[\x21-\x7e]{1,256}")
_UNSAFE = frozenset("/\\?#%")
_VERBS = (":cancel", ":subscribe")
_TENANT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,127}")
_EXTENSIONS = re.compile(r"[\x20-\x7e]{1,2048}")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_PUSH = "taskPushNotificationConfig"
_INTEGERS = frozenset({"historyLength", "pageSize"})
_FLAGS: Mapping[str, bool] = {"true": True, "false": False}
_MAX_CONTEXT = 512
_FORMER = frozenset({"file", "fileWithUri", "fileWithBytes", "fileUri", "uri"})
"""What files in a part were called before 1.0. An agent that still knows these would fetch what nobody has decided
on."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """An operation with its parameters (`params`: the request object of a2a.proto, as JSON). `id`: of JSON-RPC, what
    the caller's answer must repeat. `extensions`: the caller's `A2A-Extensions`."""

    operation: str
    params: dict[str, Any]
    binding: Binding
    id: Id | None = None
    extensions: str = ""
    approval: str | None = None
    """The approval for which the message is sent again: no task of the agent's, which does not get to see it."""

    @property
    def stream(self) -> bool:
        return self.operation in OPERATIONS and OPERATIONS[self.operation].stream

    @property
    def lasting(self) -> bool:
        """Whether it listens for news of a task that goes on without it."""
        return self.operation == "SubscribeToTask"

    @property
    def task(self) -> str | None:
        """The id of the task that the operation is about."""
        if self.operation in MESSAGES or self.operation not in OPERATIONS:
            return None
        found = self.params.get("taskId" if "PushNotification" in self.operation else "id")
        return found if type(found) is str else None

    def continues(self, agent: str) -> tuple[str, ...]:
        """Names of the sessions that it continues, as in `Message.sessions`. A task is its agent's own; a context is
        what callers carry from one agent to another."""
        if self.operation not in MESSAGES:
            return () if self.task is None else (task_name(agent, self.task),)
        message = self.params["message"]
        context, task = message.get("contextId"), message.get("taskId")
        names = (f"a2a-context:{context}",) if context else ()
        return (*names, task_name(agent, task)) if task else names

    def refers(self, agent: str) -> tuple[str, ...]:
        """Names of the tasks that it only refers to."""
        if self.operation not in MESSAGES:
            return ()
        return tuple(task_name(agent, task) for task in self.params["message"].get("referenceTaskIds") or ())

    def pushes(self) -> tuple[tuple[str, str], ...]:
        """Place and URL of each address that the agent would send news to."""
        if self.operation == "CreateTaskPushNotificationConfig":
            return (("/url", self.params["url"]),)
        configuration = self.params.get("configuration") if self.operation in MESSAGES else None
        wanted = (configuration or {}).get(_PUSH)
        return () if wanted is None else ((f"/configuration/{_PUSH}/url", wanted["url"]),)


def task_name(agent: str, task: str) -> str:
    """The session's name of a task."""
    return f"a2a-task:{agent}/{task}"


def read_rpc(request: Inbound, value: Any) -> Call | Refusal:
    """The call in a JSON-RPC body (§9); a refusal with its field otherwise. The version comes first, so that whoever
    speaks another one is told that."""
    extensions = _service(request)
    if isinstance(extensions, Refusal):
        return extensions
    if type(value) is list:
        return Refusal(code="feature_unsupported", field="", hint="one JSON-RPC request: batches are not taken")
    if type(value) is not dict or value.get("jsonrpc") != "2.0":
        return Refusal(code="schema_violation", field="/jsonrpc", hint="a JSON-RPC 2.0 request")
    identifier = value.get("id")
    if type(identifier) not in (str, int) or (type(identifier) is str and len(identifier) > MAX_ID):
        return Refusal(code="schema_violation", field="/id", hint=f"an integer, or at most {MAX_ID} characters")
    method, params = value.get("method"), value.get("params", {})
    if type(method) is not str:
        return Refusal(code="schema_violation", field="/method", hint="a method's name")
    if method not in OPERATIONS:
        return Refusal(code="method_unknown", field="/method", hint=f"a method of A2A {VERSION}")
    if type(params) is not dict:
        return Refusal(code="schema_violation", field="/params", hint="an object")
    return _fit(
        Call(operation=method, params=params, binding="JSONRPC", id=identifier, extensions=extensions),
    )


def read_rest(request: Inbound, path: str, body: Any) -> Call | Refusal:
    """The call that a request of HTTP+JSON makes (§11). `path`: below the agent's address, without its first slash;
    `body`: what the body holds, None where there is none."""
    place = _placed(request.method, path)
    if place == (CARD, {}):
        return Call(operation=CARD, params={}, binding="HTTP+JSON")
    extensions = _service(request)
    if isinstance(extensions, Refusal):
        return extensions
    if isinstance(place, Refusal):
        return place
    operation, within = place
    params = _parameters(request, operation, body)
    if isinstance(params, Refusal):
        return params
    for name, value in within.items():
        if params.get(name) not in (None, "", value):
            return Refusal(code="schema_violation", field=f"/{name}", hint="the same as in the path")
    call = Call(operation=operation, params={**params, **within}, binding="HTTP+JSON", extensions=extensions)
    return _fit(call)


def good_id(value: object) -> bool:
    """Whether an id can stand wherever the bindings put one: it leads nowhere else and is no operation."""
    return (
        type(value) is str
        and _NAMED.fullmatch(value) is not None
        and _UNSAFE.isdisjoint(value)
        and value not in (".", "..")
        and not value.endswith(_VERBS)
    )


def good_context(value: object) -> bool:
    """Whether a context's id is one."""
    return type(value) is str and 0 < len(value) <= _MAX_CONTEXT


def _service(request: Inbound) -> str | Refusal:
    """The service parameters (§3.2.6): the extensions asked for, if the version is one that is spoken here."""
    pairs = read_pairs(request.query, "query") if VERSION_NAME in request.query.lower() else ()
    if isinstance(pairs, Refusal):
        return pairs
    stated = [value.strip(" \t") for name, value in request.headers if name == VERSION_NAME]
    stated += [pair.value for pair in pairs if _is_version(pair)]
    if len(set(stated)) > 1:
        return Refusal(code="header_mismatch", field=VERSION_NAME, hint="one version")
    if not stated or not ACCEPTED.fullmatch(stated[0]):
        return Refusal(code="version_unsupported", field=VERSION_NAME, hint=VERSION)
    given = [value for name, value in request.headers if name == EXTENSIONS_NAME]
    extensions = ",".join(given)
    if given and not _EXTENSIONS.fullmatch(extensions):
        return Refusal(code="header_invalid", field=EXTENSIONS_NAME, hint="URIs in ASCII, apart by commas")
    return extensions


def _placed(method: str, path: str) -> tuple[str, dict[str, str]] | Refusal:
    """The operation that method and path stand for, with the parameters that the path holds."""
    found = _segments(path.split("/"))
    if found is None and "/" in path:
        tenant, _, rest = path.partition("/")
        found = _segments(rest.split("/")) if _TENANT.fullmatch(tenant) else None
        found = None if found is None or found[0] == CARD_PATH else (found[0], {"tenant": tenant, **found[1]})
    if found is None:
        return Refusal(code="method_unknown", field="path", hint=f"a path of A2A {VERSION}")
    if found[0] == CARD_PATH:
        return (CARD, {}) if method == "GET" else Refusal(code="method_not_allowed", hint="GET")
    known = {one.method: name for name, one in OPERATIONS.items() if one.path == found[0]}
    if found[0].endswith(":subscribe"):
        known |= {"GET": "SubscribeToTask"}
    if method not in known:
        return Refusal(code="method_not_allowed", hint=" or ".join(known))
    return known[method], found[1]


def _segments(path: list[str]) -> tuple[str, dict[str, str]] | None:
    """The path as `Operation.path` has it, and what stands in its places."""
    match path:
        case ["message:send" | "message:stream" | "tasks" | "extendedAgentCard"]:
            return path[0], {}
        case [".well-known", "agent-card.json"]:
            return CARD_PATH, {}
        case ["tasks", one]:
            for verb in _VERBS:
                if one.endswith(verb):
                    return f"tasks/{{id}}{verb}", {"id": one.removesuffix(verb)}
            return "tasks/{id}", {"id": one}
        case ["tasks", one, "pushNotificationConfigs"]:
            return "tasks/{taskId}/pushNotificationConfigs", {"taskId": one}
        case ["tasks", one, "pushNotificationConfigs", config]:
            return "tasks/{taskId}/pushNotificationConfigs/{id}", {"taskId": one, "id": config}
    return None


def _parameters(request: Inbound, operation: str, body: Any) -> dict[str, Any] | Refusal:
    """What body or query say."""
    pairs = read_pairs(request.query, "query")
    if isinstance(pairs, Refusal):
        return pairs
    pairs = tuple(pair for pair in pairs if not _is_version(pair))
    if request.method == "POST":
        if pairs:
            return Refusal(code="parameter_invalid", field="query", hint="parameters in the body")
        if body is None and operation in ("CancelTask", "SubscribeToTask"):
            return {}
        if type(body) is not dict:
            return Refusal(code="schema_violation", field="", hint="an object")
        return dict(body)
    if body is not None:
        return Refusal(code="media_type", hint="no body")
    params: dict[str, Any] = {}
    for pair in pairs:
        if pair.name in params:
            return Refusal(code="parameter_invalid", field=pair.place, hint="each parameter once")
        params[pair.name] = value = _typed(pair)
        if value is None:
            return Refusal(code="parameter_invalid", field=pair.place, hint="a value of the parameter's type")
    return params


def _typed(pair: Pair) -> str | int | bool | None:
    """A parameter's value by its type in a2a.proto; None for one that is not of it."""
    if pair.name in _INTEGERS:
        return int(pair.value) if _INTEGER.fullmatch(pair.value) else None
    if pair.name == "includeArtifacts":
        return _FLAGS.get(pair.value)
    return pair.value


def _is_version(pair: Pair) -> bool:
    return pair.name.lower() == VERSION_NAME


def _fit(call: Call) -> Call | Refusal:
    """The call, if all that is relied on here is of its form. Everything else is the agent's to judge."""
    params = call.params
    tenant = params.get("tenant")
    if tenant not in (None, "") and not (type(tenant) is str and _TENANT.fullmatch(tenant)):
        return _wrong("/tenant", "letters, digits and _ . ~ -")
    if call.operation in MESSAGES:
        return _message(params) or _again(call)
    if call.operation not in ("ListTasks", "GetExtendedAgentCard"):
        task = "taskId" if "PushNotification" in call.operation else "id"
        if not good_id(params.get(task)):
            return _wrong(f"/{task}", "a task's id")
    if call.operation in ("GetTaskPushNotificationConfig", "DeleteTaskPushNotificationConfig"):
        return call if good_id(params.get("id")) else _wrong("/id", "a configuration's id")
    if call.operation == "CreateTaskPushNotificationConfig":
        return call if type(params.get("url")) is str else _wrong("/url", "a URL")
    return call


def _again(call: Call) -> Call:
    """The call as its agent gets it, where its message is sent again on the task that it waits in."""
    message = call.params["message"]
    approval = approval_in(message)
    if approval is None:
        return call
    params = {**call.params, "message": without_approval(message, approval)}
    return msgspec.structs.replace(call, params=params, approval=approval)


def _message(params: dict[str, Any]) -> Refusal | None:
    """What does not fit in the request of a message."""
    message = params.get("message")
    if type(message) is not dict:
        return _wrong("/message", "an object")
    parts = message.get("parts")
    if type(parts) is not list or not parts or not all(type(part) is dict for part in parts):
        return _wrong("/message/parts", "at least one part")
    for index, part in enumerate(parts):
        if not _FORMER.isdisjoint(part):
            return _wrong(f"/message/parts/{index}", "a file as url or raw")
    if message.get("contextId") not in (None, "") and not good_context(message["contextId"]):
        return _wrong("/message/contextId", f"at most {_MAX_CONTEXT} characters")
    if message.get("taskId") not in (None, "") and not good_id(message["taskId"]):
        return _wrong("/message/taskId", "a task's id")
    references = message.get("referenceTaskIds")
    if references is not None and not (type(references) is list and all(map(good_id, references))):
        return _wrong("/message/referenceTaskIds", "ids of tasks")
    configuration = params.get("configuration")
    if _pushing(params) or (type(configuration) is dict and _pushing(configuration, _PUSH)):
        return _wrong("/configuration", "where news go as taskPushNotificationConfig")
    if configuration is None:
        return None
    if type(configuration) is not dict:
        return _wrong("/configuration", "an object")
    push = configuration.get(_PUSH)
    if push is not None and not (type(push) is dict and type(push.get("url")) is str):
        return _wrong("/configuration/taskPushNotificationConfig", "an object with a url")
    if push is not None and push.get("taskId") not in (None, "", message.get("taskId")):
        return _wrong("/configuration/taskPushNotificationConfig/taskId", "the message's own task, or none")
    return None


def _pushing(holder: Mapping[str, Any], known: str = "") -> bool:
    """Whether a member that is not the one `known` says, as earlier versions did, where news go."""
    return any("push" in key.lower() and key != known for key in holder)


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="schema_violation", field=field, hint=hint)
