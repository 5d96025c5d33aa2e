"""The words that the Anthropic Messages protocol itself uses, so that they are not scanned as if somebody had written
them.

Source: the API reference of Messages and its schema in the client library. What is not listed here is scanned: a word
too few costs a little time, never a finding.
"""

import re

from gateway.agents.bodies import Vocabulary

VERSION = "2023-06-01"
"""The version of the protocol that agents are asked in where the caller names none."""
_VERSION = re.compile(r"20(?:2[3-9]|[3-9]\d)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_BETA = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)-20\d\d-?\d\d-?\d\d")
MAX_BETAS = 32


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


BETAS = _set(
    "advisor-tool cache-diagnosis claude-code code-execution compact computer-use context-1m context-management "
    "dev-full-thinking extended-cache-ttl fast-mode files-api fine-grained-tool-streaming inline-tools "
    "interleaved-thinking max-tokens-3-5-sonnet mcp-client message-threads mid-conversation-output-config "
    "mid-conversation-system-clear-at mid-conversation-tool-changes model-context-window-exceeded output-128k "
    "output-300k pdfs prompt-caching server-side-fallback skills structured-outputs task-budgets "
    "thinking-binding-controls thinking-display-updates thinking-token-count token-counting token-efficient-tools "
    "web-fetch"
)
"""Betas that a caller may ask agents for, whatever their date. Each only changes how a message is worked on or what its
body may say, and the body is read; what stores, bills or runs elsewhere by a header alone is not among them."""


def version(text: str) -> bool:
    """Whether an `anthropic-version` has the form of one: the date of its release. Which there are is the agent's to
    say, since the reading here does not depend on it."""
    return _VERSION.fullmatch(text) is not None


def beta(token: str) -> bool:
    """Whether an `anthropic-beta` token names a beta that may be asked for."""
    found = _BETA.fullmatch(token)
    return found is not None and found.group(1) in BETAS


_TOKENS = (0, 9_999_999)
"""Counts of tokens and of characters: seven digits, too few for any identifier that is recognised by its digits."""
_COUNTS = _set(
    "budget_tokens cache_creation_input_tokens cache_read_input_tokens end_block_index end_char_index "
    "end_page_number ephemeral_1h_input_tokens ephemeral_5m_input_tokens input_tokens max_content_tokens max_tokens "
    "max_uses output_tokens start_block_index start_char_index start_page_number thinking_tokens web_fetch_requests "
    "web_search_requests"
)
_NUMBERS = dict.fromkeys(_COUNTS, _TOKENS)
_TYPES = _set(
    "adaptive any approximate auto base64 bash_code_execution_output bash_code_execution_result "
    "bash_code_execution_tool_result between_tools cache_miss char_location citations_delta code_execution_output "
    "code_execution_result code_execution_tool_result compaction compaction_delta container_upload content "
    "content_block_delta content_block_location content_block_start content_block_stop custom direct disabled document "
    "enabled encrypted_code_execution_result ephemeral error file image input_json_delta json_schema mcp_tool_listing "
    "mcp_tool_result mcp_tool_use mcp_toolset message message_delta message_start message_stop model none "
    "page_location ping redacted_thinking search_result search_result_location server_tool_use signature_delta text "
    "text_delta thinking thinking_delta tool tool_reference tool_result tool_use url web_fetch_result "
    "web_fetch_tool_result web_search_result web_search_result_location web_search_tool_result"
)
_ERRORS = _set(
    "api_error authentication_error billing_error invalid_request_error not_found_error overloaded_error "
    "permission_error rate_limit_error request_too_large timeout_error"
)
_MEDIA = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"})
_NAMES = _set("bash_code_execution code_execution text_editor_code_execution web_fetch web_search")
_TIERS = frozenset({"auto", "batch", "priority", "standard", "standard_only"})
_EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})
_STOPS = _set("end_turn max_tokens model_context_window_exceeded pause_turn refusal stop_sequence tool_use")

REQUEST = Vocabulary(
    keys=_set(
        "allowed_callers budget_tokens cache_control container context_management display effort format id "
        "inference_geo max_tokens mcp_servers messages metadata model output_config output_format service_tier "
        "skill_id skills speed stop_sequences stream system temperature thinking tool_choice tools top_k top_p ttl "
        "type version"
    ),
    words={
        "display": frozenset({"summarized", "omitted"}),
        "effort": _EFFORTS,
        "service_tier": _TIERS,
        "speed": frozenset({"standard", "fast"}),
        "ttl": frozenset({"5m", "1h"}),
        "type": _TYPES | {"anthropic"},
    },
    numbers=_NUMBERS,
    names=frozenset({"container", "id", "name", "skill_id", "version"}),
)

CONTENT = Vocabulary(
    keys=_set(
        "authorization_token cache_control caller citations cited_text content context data document_index "
        "document_title enabled encrypted_content encrypted_index encrypted_stdout end_block_index end_char_index "
        "end_page_number error_code file_id id input is_error media_type name page_age retrieved_at return_code role "
        "search_result_index server_name signature source start_block_index start_char_index start_page_number stderr "
        "stdout text thinking title tool_id tool_name tool_use_id toolset_name ttl type url"
    ),
    words={
        "media_type": _MEDIA,
        "name": _NAMES,
        "role": frozenset({"user", "assistant", "system"}),
        "ttl": frozenset({"5m", "1h"}),
        "type": _TYPES,
    },
    numbers=_NUMBERS,
    names=_set("error_code file_id id name server_name tool_id tool_name tool_use_id toolset_name"),
)
"""Messages, their content blocks, and those of an answer."""

TOOL = Vocabulary(
    keys=_set(
        "$defs $ref $schema additionalProperties allOf allowed_callers allowed_domains anyOf blocked_domains "
        "cache_control citations city configs const country default default_config defer_loading definition "
        "description disable_parallel_tool_use effort enabled enum examples format input_examples input_schema items "
        "json_schema maxItems "
        "maxLength max_content_tokens max_uses maximum mcp_server_name minItems minLength minimum model name oneOf "
        "pattern properties region required schema strict timezone title tool ttl type use_cache user_location"
    ),
    words={
        "effort": _EFFORTS,
        "name": _NAMES,
        "ttl": frozenset({"5m", "1h"}),
        "type": _TYPES | _set("object string number integer boolean array null"),
    },
    numbers=_NUMBERS,
    names=frozenset({"name", "mcp_server_name", "model"}),
)
"""Tools, the choice of one, structured output, and the JSON Schemas in them."""

ANSWER = Vocabulary(
    keys=_set(
        "cache_creation cache_creation_input_tokens cache_read_input_tokens category container content content_block "
        "delta error ephemeral_1h_input_tokens ephemeral_5m_input_tokens expires_at explanation id index inference_geo "
        "input_tokens message model output_tokens output_tokens_details request_id role server_tool_use service_tier "
        "skills speed stop_details stop_reason stop_sequence thinking_tokens type usage web_fetch_requests "
        "web_search_requests"
    ),
    words={
        "role": frozenset({"assistant"}),
        "service_tier": _TIERS,
        "speed": frozenset({"standard", "fast"}),
        "stop_reason": _STOPS,
        "type": _TYPES | _ERRORS,
    },
    numbers=_NUMBERS,
    names=_set("container id inference_geo model name request_id stop_reason type"),
)
"""An answer around its content, and the events of a stream."""
