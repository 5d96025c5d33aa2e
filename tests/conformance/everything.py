"""A server with everything that the MCP conformance suite asks a server for, made with the protocol's own SDK.

Names of tools, resources and prompts are the suite's. What is asked of each stands in the suite's own descriptions.
"""

import json
from typing import Annotated, Any

import anyio
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    Completion,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    JSONRPCMessage,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from pydantic import BaseModel, Field, WithJsonSchema
from starlette.applications import Starlette

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
SOUND = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
STRICT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
_Ctx = Context[Any, Any]
_HINT = CacheHint(ttl_ms=1000, scope="private")


class Answer(BaseModel):
    response: str = Field(description="User's response")


class Defaults(BaseModel):
    name: str = Field(default="John Doe", description="User name")
    age: int = Field(default=30, description="User age")
    score: float = Field(default=95.5, description="User score")
    status: Annotated[
        str, WithJsonSchema({"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"})
    ] = "active"
    verified: bool = Field(default=True, description="Verification status")


_LEVELS = [{"const": "low", "title": "Low"}, {"const": "high", "title": "High"}]
_KINDS = [{"const": "bug", "title": "Bug"}, {"const": "docs", "title": "Documentation"}]


class Enums(BaseModel):
    untitledSingle: Annotated[str, WithJsonSchema({"type": "string", "enum": ["active", "inactive"]})]
    titledSingle: Annotated[str, WithJsonSchema({"type": "string", "oneOf": _LEVELS})]
    untitledMulti: Annotated[
        list[str], WithJsonSchema({"type": "array", "items": {"type": "string", "enum": ["read", "write"]}})
    ]
    titledMulti: Annotated[list[str], WithJsonSchema({"type": "array", "items": {"anyOf": _KINDS}})]
    legacyEnum: Annotated[
        str, WithJsonSchema({"type": "string", "enum": ["small", "large"], "enumNames": ["Small", "Large"]})
    ]


class Events(EventStore):
    """Events in memory, so that a stream that broke off can be resumed."""

    def __init__(self) -> None:
        self._events: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        last = int(last_event_id)
        stream = self._events[last - 1][0]
        for number, (named, message) in enumerate(self._events[last:], last + 1):
            if named == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


def application() -> Starlette:
    """The server, at `/mcp`."""
    hints: Any = dict.fromkeys(
        ("tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"), _HINT
    )
    made = MCPServer("conformance", cache_hints=hints, log_level="CRITICAL")
    for add in (_contents, _talking, _asking, _declared, _resources, _prompts, _older):
        add(made)
    return made.streamable_http_app(event_store=Events(), retry_interval=100)


def _contents(made: MCPServer) -> None:
    @made.tool()
    def test_simple_text() -> str:
        """Text"""
        return "This is a simple text response for testing."

    @made.tool()
    def test_image_content() -> list[ImageContent]:
        """A picture"""
        return [_picture()]

    @made.tool()
    def test_audio_content() -> list[AudioContent]:
        """A sound"""
        return [AudioContent(type="audio", data=SOUND, mime_type="audio/wav")]

    @made.tool()
    def test_embedded_resource() -> list[EmbeddedResource]:
        """A resource"""
        return [_embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]

    @made.tool()
    def test_multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
        """Several"""
        text = TextContent(type="text", text="Multiple content types test:")
        data = json.dumps({"test": "data", "value": 123})
        return [text, _picture(), _embedded("test://mixed-content-resource", "application/json", data)]

    @made.tool()
    def test_error_handling() -> str:
        """An error"""
        raise RuntimeError("This tool intentionally returns an error for testing")

    @made.tool()
    def test_custom_headers(
        region: Annotated[str, WithJsonSchema({"type": "string", "x-mcp-header": "Region"})] = "",
    ) -> str:
        """An argument that a header repeats"""
        return f"region {region}"

    @made.tool()
    def json_schema_2020_12_tool(name: str = "") -> str:
        """A schema with words of the newest dialect"""
        return name

    tool: Any = made._tool_manager.get_tool("json_schema_2020_12_tool")
    tool.parameters = STRICT


def _talking(made: MCPServer) -> None:
    @made.tool()
    async def test_tool_with_logging(ctx: _Ctx) -> str:
        """Says what it does"""
        for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await ctx.info(said)
            await anyio.sleep(0.05)
        return "Tool with logging executed successfully"

    @made.tool()
    async def test_tool_with_progress(ctx: _Ctx) -> str:
        """Says how far it is"""
        for step in (0, 50, 100):
            await ctx.report_progress(step, 100, f"Completed step {step} of 100")
            await anyio.sleep(0.05)
        return "done"

    @made.tool()
    async def test_reconnection(ctx: _Ctx) -> str:
        """Breaks off its stream, and goes on"""
        await ctx.info("Before disconnect")
        await ctx.close_sse_stream()
        await anyio.sleep(0.2)
        await ctx.info("After reconnect")
        return "Reconnection test completed"

    @made.tool()
    async def test_sampling(prompt: str, ctx: _Ctx) -> str:
        """Asks the client's model"""
        asked = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
        result: Any = await ctx.session.create_message(
            messages=[asked], max_tokens=100, related_request_id=ctx.request_id
        )
        return f"LLM response: {getattr(result.content, 'text', 'No response')}"

    @made.tool()
    async def test_elicitation(message: str, ctx: _Ctx) -> str:
        """Asks the user"""
        return await _elicited(ctx, message, Answer, "User response")

    @made.tool()
    async def test_elicitation_sep1034_defaults(ctx: _Ctx) -> str:
        """Asks with defaults"""
        return await _elicited(ctx, "Please provide user information", Defaults, "Elicitation completed")

    @made.tool()
    async def test_elicitation_sep1330_enums(ctx: _Ctx) -> str:
        """Asks for choices"""
        return await _elicited(ctx, "Please choose", Enums, "Elicitation completed")


def _asking(made: MCPServer) -> None:
    """What the newest version asks: by an answer that says what is missing."""

    @made.tool()
    def test_input_required_result_elicitation(ctx: _Ctx) -> str | InputRequiredResult:
        """Asks for a name"""
        given: Any = (ctx.input_responses or {}).get("user_name")
        if given is None:
            return InputRequiredResult(input_requests={"user_name": _form("What is your name?", "name", "string")})
        return f"Hello, {(given.content or {}).get('name')}!"

    @made.tool()
    def test_input_required_result_sampling(ctx: _Ctx) -> str | InputRequiredResult:
        """Asks the client's model"""
        given: Any = (ctx.input_responses or {}).get("capital_question")
        if given is None:
            return InputRequiredResult(input_requests={"capital_question": _sample("What is the capital of France?")})
        return str(given.content.text)

    @made.tool()
    def test_input_required_result_list_roots(ctx: _Ctx) -> str | InputRequiredResult:
        """Asks for roots"""
        given: Any = (ctx.input_responses or {}).get("client_roots")
        if given is None:
            return InputRequiredResult(input_requests={"client_roots": ListRootsRequest(method="roots/list")})
        return " ".join(str(root.uri) for root in given.roots)

    @made.tool()
    def test_input_required_result_request_state(ctx: _Ctx) -> str | InputRequiredResult:
        """Asks, and is reminded"""
        if not ctx.input_responses:
            wanted: Any = {"confirm": _form("Please confirm", "ok", "boolean")}
            return InputRequiredResult(input_requests=wanted, request_state="state-1")
        return "state-ok" if ctx.request_state == "state-1" else "state-lost"

    @made.tool()
    def test_input_required_result_multiple_inputs(ctx: _Ctx) -> str | InputRequiredResult:
        """Asks several things at once"""
        if not ctx.input_responses:
            wanted: Any = {
                "user_name": _form("What is your name?", "name", "string"),
                "greeting": _sample("Generate a greeting"),
                "client_roots": ListRootsRequest(method="roots/list"),
            }
            return InputRequiredResult(input_requests=wanted, request_state="all")
        return "all given"

    @made.tool()
    def test_input_required_result_multi_round(ctx: _Ctx) -> str | InputRequiredResult:
        """Asks twice"""
        if ctx.request_state is None:
            wanted: Any = {"step1": _form("Step 1: What is your name?", "name", "string")}
            return InputRequiredResult(input_requests=wanted, request_state="round-1")
        if ctx.request_state == "round-1":
            wanted = {"step2": _form("Step 2: What is your favorite color?", "color", "string")}
            return InputRequiredResult(input_requests=wanted, request_state="round-2")
        return "done"

    @made.tool()
    def test_input_required_result_tampered_state(ctx: _Ctx) -> str | InputRequiredResult:
        """Notices a state that is not its own"""
        if not ctx.input_responses:
            wanted: Any = {"confirm": _form("Please confirm", "ok", "boolean")}
            return InputRequiredResult(input_requests=wanted, request_state="sealed")
        return "state-ok"


def _declared(made: MCPServer) -> None:
    """What the suite looks at the newest version's streams with."""

    @made.tool()
    def test_missing_capability(ctx: _Ctx) -> str:
        """Needs a client that samples"""
        declared = ctx.client_capabilities
        if declared is None or declared.sampling is None:
            data: Any = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "The client must be able to sample", data)
        return "sampling is declared"

    @made.tool()
    async def test_streaming_elicitation(ctx: _Ctx) -> str:
        """Says how far it is, and asks nothing in its stream"""
        await ctx.report_progress(1, 2, "half")
        return "done"

    @made.tool()
    async def test_logging_tool(ctx: _Ctx) -> str:
        """Would say what it does to who asked for it"""
        await ctx.info("working")
        return "done"


def _resources(made: MCPServer) -> None:
    @made.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        return "This is the content of the static text resource."

    @made.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return bytes(8)

    @made.resource("test://watched-resource")
    def watched() -> str:
        return "Watched resource content"

    @made.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _prompts(made: MCPServer) -> None:
    @made.prompt()
    def test_simple_prompt() -> str:
        """A prompt"""
        return "This is a simple prompt for testing."

    @made.prompt()
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        """A prompt with arguments"""
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @made.prompt()
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:
        """A prompt with a resource"""
        return [
            UserMessage(content=_embedded(resourceUri, "text/plain", "Embedded resource content for testing.")),
            UserMessage(content="Please process the embedded resource above."),
        ]

    @made.prompt()
    def test_prompt_with_image() -> list[UserMessage]:
        """A prompt with a picture"""
        return [UserMessage(content=_picture()), UserMessage(content="Please analyze the image above.")]

    @made.prompt()
    def test_input_required_result_prompt(ctx: _Ctx) -> str | InputRequiredResult:
        """A prompt that asks something first"""
        given: Any = (ctx.input_responses or {}).get("user_context")
        if given is None:
            wanted: Any = {"user_context": _form("What context should the prompt use?", "context", "string")}
            return InputRequiredResult(input_requests=wanted)
        return f"Use {(given.content or {}).get('context')}."

    async def complete(*_: Any) -> Completion:
        return Completion(values=["paris", "park"], total=2, has_more=False)

    made.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK's own


def _older(made: MCPServer) -> None:
    """What only the older versions know."""

    async def nothing(ctx: ServerRequestContext[Any, Any], params: Any) -> EmptyResult:
        return EmptyResult()

    for method, kind in (
        ("logging/setLevel", SetLevelRequestParams),
        ("resources/subscribe", SubscribeRequestParams),
        ("resources/unsubscribe", UnsubscribeRequestParams),
    ):
        made._lowlevel_server.add_request_handler(method, kind, nothing)


async def _elicited(ctx: _Ctx, message: str, form: type[BaseModel], said: str) -> str:
    result: Any = await ctx.elicit(message, form)
    content = result.data.model_dump_json() if result.action == "accept" else "{}"
    return f"{said}: action={result.action}, content={content}"


def _form(message: str, field: str, kind: str) -> ElicitRequest:
    schema: Any = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return ElicitRequest(
        method="elicitation/create", params=ElicitRequestFormParams(message=message, requested_schema=schema)
    )


def _sample(text: str) -> CreateMessageRequest:
    asked = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequest(
        method="sampling/createMessage", params=CreateMessageRequestParams(messages=[asked], max_tokens=100)
    )


def _picture() -> ImageContent:
    return ImageContent(type="image", data=PICTURE, mime_type="image/png")


def _embedded(uri: str, kind: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=kind, text=text))
