"""The words of MCP: versions, methods with the action that policy is asked about, and what need not be scanned.

Source: the MCP specification, revisions 2024-11-05 to 2025-11-25 (with `initialize` and sessions) and 2026-07-28
(stateless, every request carrying its own version). A method that is not here is refused by name.
"""

from collections.abc import Mapping
from typing import Literal

from gateway.agents.bodies import Vocabulary

Era = Literal["old", "new"]
OLD_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
NEW_VERSIONS = ("2026-07-28",)
VERSIONS = OLD_VERSIONS + NEW_VERSIONS
ASSUMED = "2025-03-26"
"""The version of a request without a header (2025-11-25, Transports, Protocol Version Header)."""
META_VERSION = "io.modelcontextprotocol/protocolVersion"
"""The key of `params._meta` that holds a request's version (2026-07-28, Base Protocol, _meta)."""

_SHARED: Mapping[str, str] = {
    "tools/list": "message",
    "tools/call": "tool",
    "resources/list": "message",
    "resources/templates/list": "message",
    "resources/read": "message",
    "prompts/list": "message",
    "prompts/get": "message",
    "completion/complete": "message",
}
METHODS: Mapping[Era, Mapping[str, str]] = {
    "old": {
        **_SHARED,
        "initialize": "message",
        "ping": "message",
        "logging/setLevel": "message",
        "resources/subscribe": "message",
        "resources/unsubscribe": "message",
        "tasks/get": "task",
        "tasks/result": "task",
        "tasks/cancel": "task",
    },
    "new": {**_SHARED, "server/discover": "message", "subscriptions/listen": "message"},
}
"""Method of a request → the action policy is asked about. `tool` stands for `tool:<name>`.

Without `tasks/list`: to an agent all callers are the gateway, so it would list everybody's.
"""
NOTIFICATIONS = frozenset(
    {
        "notifications/initialized",
        "notifications/cancelled",
        "notifications/progress",
        "notifications/roots/list_changed",
        "notifications/tasks/status",
    }
)
NAMED: Mapping[str, str] = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
"""Method → the member of `params` that the header `Mcp-Name` repeats (2026-07-28, Transports, Standard Headers)."""
LISTENS = "subscriptions/listen"
TOOLS_CHANGED = "notifications/tools/list_changed"
"""What an agent of either era says when `tools/list` would answer otherwise than before."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TYPES = _set("text image audio resource resource_link ref/prompt ref/resource tool_use tool_result string")
_SCHEMA_TYPES = _set("object string number integer boolean array null")
_COUNT = (0, 9_999_999)
RPC = Vocabulary(
    keys=_set(
        "_meta action annotations arguments argument audience audio blob cacheScope capabilities clientInfo code "
        "completion completions content contents context costPriority created createdAt cursor data description "
        "destructiveHint detail elicitation error experimental extensions form hasMore hints icons id "
        "idempotentHint includeContext input inputRequests inputResponses inputSchema instructions "
        "intelligencePriority jsonrpc lastModified lastUpdatedAt level listChanged logger logging maxTokens message "
        "messages method mimeType mode model modelPreferences name nextCursor openWorldHint outputSchema params "
        "pollInterval priority progress progressToken prompt prompts protocolVersion readOnlyHint reason ref "
        "requestId requestState requested requestedSchema required resource resourceSubscriptions resourceTemplates "
        "resources result resultType role roots sampling serverInfo size sizes src status statusMessage stopReason "
        "stopSequences structuredContent subscribe supported supportedVersions systemPrompt task taskId tasks "
        "temperature text theme title tool toolChoice toolUseId tools total ttl ttlMs type uri uriTemplate url "
        "value values version websiteUrl isError execution taskSupport id elicitationId notifications subscriptionId"
    ),
    words={
        "jsonrpc": frozenset({"2.0"}),
        "role": frozenset({"user", "assistant"}),
        "type": _TYPES | _SCHEMA_TYPES,
        "level": _set("debug info notice warning error critical alert emergency"),
        "protocolVersion": frozenset(VERSIONS),
        "stopReason": _set("endTurn stopSequence maxTokens toolUse"),
        "action": _set("accept decline cancel"),
        "mode": _set("form url auto required none"),
        "includeContext": _set("none thisServer allServers"),
        "resultType": _set("complete input_required"),
        "cacheScope": _set("public private"),
        "mimeType": _set("text/plain text/markdown text/html application/json image/png image/jpeg audio/wav"),
        "status": _set("working input_required completed failed cancelled"),
        "method": frozenset({*METHODS["old"], *METHODS["new"], *NOTIFICATIONS})
        | _set(
            "notifications/message notifications/resources/updated notifications/resources/list_changed "
            "notifications/tools/list_changed notifications/prompts/list_changed notifications/elicitation/complete "
            "notifications/subscriptions/acknowledged sampling/createMessage elicitation/create roots/list"
        ),
    },
    numbers=dict.fromkeys(("progress", "total", "size", "maxTokens", "ttl", "ttlMs", "pollInterval"), _COUNT),
    names=_set(
        "cursor id mimeType name nextCursor progressToken protocolVersion requestId requestState taskId toolUseId uri "
        "uriTemplate elicitationId subscriptionId method"
    ),
)
"""The protocol's own members. What stands in `arguments`, `structuredContent`, `data` or `_meta` is somebody's."""
SCHEMA = Vocabulary(
    keys=_set(
        "$defs $id $ref $schema additionalProperties allOf anyOf const default definitions description enum "
        "enumNames examples exclusiveMaximum exclusiveMinimum format items maxItems maxLength maximum minItems "
        "minLength minimum multipleOf not oneOf pattern prefixItems properties required title type uniqueItems "
        "x-mcp-header"
    ),
    words={"type": _SCHEMA_TYPES, "format": _set("email uri date date-time time uuid ipv4 ipv6 hostname regex")},
    names=frozenset({"required", "$ref", "$schema"}),
)
"""JSON Schemas of tools and elicitations."""
FREE = frozenset({"arguments", "structuredContent", "data", "_meta", "context", "input"})
"""Members whose own members are somebody's words: labels to what stands under them."""
SCHEMAS = frozenset({"inputSchema", "outputSchema", "requestedSchema"})
