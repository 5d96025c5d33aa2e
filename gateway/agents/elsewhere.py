"""Members by which a request asks its agent to go beyond the answer, whichever of the APIs it speaks.

Agents are seldom the provider of whom the API has its name: servers and routers of others stand behind the same paths
and take members of their own, and pass them on. What is known of these is named here. Of a member that no API is known
to have, an address in it is one that somebody would contact.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

FIELDS = {
    "web_search_options": "web_search",
    "search_parameters": "web_search",
    "search_settings": "web_search",
    "enable_search": "web_search",
    "mcp_servers": "mcp",
    "data_sources": "file_search",
    "plugins": "tool",
    "compound_custom": "tool",
    # Another model than policy has decided on, and with it another provider.
    "models": "model",
    "model_list": "model",
    "fallbacks": "model",
    "context_window_fallbacks": "model",
    "content_policy_fallbacks": "model",
    "provider": "model",
    "custom_llm_provider": "model",
    "preset": "model",
    "inference_geo": "region",
    "api_base": "url",
    "base_url": "url",
    "kv_transfer_params": "url",
    "callbacks": "url",
    "success_callback": "url",
    "failure_callback": "url",
    "deferred": "store",
}
"""Members of requests, and what they ask for."""
_EXTRA = "extra_body"
"""What a server adds to its own request to the provider."""
_IN_MEMORY = (None, "in_memory", "in-memory")
_WORDS = frozenset(
    {"guided_choice", "guided_regex", "guided_json", "guided_grammar", "structured_outputs", "chat_template"}
)
"""Members that only say how an answer is to be written: an address in them is part of it."""
_NAMES = frozenset({"$schema", "$id", "$ref"})
"""Keys of JSON Schema whose addresses are names."""
_ADDRESS = re.compile(r"\s*(?:(?:https?|wss?|ftps?|file):[/\\]|[a-z][a-z0-9+.-]{1,30}://)", re.IGNORECASE)
Contacts = Callable[[str], None]


def elsewhere(value: dict[str, Any], own: Collection[str], contacts: Contacts) -> None:
    """Tell `contacts` each kind of what the members of a request ask for. `own`: the members that its API has, whose
    content its adapter looks at."""
    for key, item in value.items():
        kind = FIELDS.get(key)
        if kind is not None:
            if item is not None and item is not False and item != []:
                contacts(kind)
        elif key == "prompt_cache_retention":
            if item not in _IN_MEMORY:
                contacts("store")
        elif key == _EXTRA and type(item) is dict:
            _extra(item, contacts)
        elif key not in own and key not in _WORDS and leads_elsewhere(item):
            contacts("url")


def leads_elsewhere(value: Any, but: Collection[str] = _NAMES) -> bool:
    """Whether a text anywhere in a JSON value, `but` below these keys, is an address of whatever scheme. One with text
    before it is prose."""
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is str:
            if _ADDRESS.match(item):
                return True
        elif type(item) is list:
            stack += item
        elif type(item) is dict:
            stack += [child for key, child in item.items() if key not in but]
    return False


def _extra(value: dict[str, Any], contacts: Contacts) -> None:
    """Nothing in it was looked at as what it will be: tools of whatever kind are such as the provider runs."""
    elsewhere(value, (), contacts)
    if value.get("store") not in (None, False):
        contacts("store")
    if value.get("tools"):
        contacts("tool")
