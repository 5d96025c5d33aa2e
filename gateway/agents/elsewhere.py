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
    "search_domain_filter": "web_search",
    "search_recency_filter": "web_search",
    "enable_search": "web_search",
    "enable_web_search": "web_search",
    "web_search": "web_search",
    "google_search": "web_search",
    "google_search_retrieval": "web_search",
    "grounding": "web_search",
    "mcp_servers": "mcp",
    "data_sources": "file_search",
    "tool_resources": "file_search",
    "connectors": "tool",
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
    "user_config": "model",
    "litellm_credential_name": "model",
    # The same provider under an account of the caller's own, with which nobody here has an agreement.
    "api_key": "account",
    "azure_ad_token": "account",
    "aws_access_key_id": "account",
    "aws_secret_access_key": "account",
    "aws_session_token": "account",
    "aws_profile_name": "account",
    "aws_role_name": "account",
    "aws_web_identity_token": "account",
    "vertex_credentials": "account",
    "vertex_project": "account",
    "inference_geo": "region",
    "aws_region_name": "region",
    "vertex_location": "region",
    "api_base": "url",
    "base_url": "url",
    "kv_transfer_params": "url",
    "callbacks": "url",
    "success_callback": "url",
    "failure_callback": "url",
    "deferred": "store",
}
"""Members of requests, and what they ask for."""
KEPT = {
    "previous_response_id": "store",
    "conversation": "store",
    "conversation_id": "store",
    "thread_id": "store",
}
"""The same, where the request's own API has no such member: what goes on with these is kept by whoever answers."""
_EXTRA = "extra_body"
"""What a server adds to its own request to the provider."""
_RETENTION = "prompt_cache_retention"
_ASKING = frozenset({*FIELDS, _RETENTION, _EXTRA})
"""Members that mean something here even where they are the API's own."""
_IN_MEMORY = (None, "in_memory", "in-memory")
_WORDS = frozenset(
    {"guided_choice", "guided_regex", "guided_json", "guided_grammar", "structured_outputs", "chat_template"}
)
"""Members that only say how an answer is to be written: an address in them is part of it."""
_NAMES = frozenset({"$schema", "$id", "$ref"})
"""Keys of JSON Schema whose addresses are names."""
_ADDRESS = re.compile(r"\s*(?:(?:https?|wss?|ftps?|file):[/\\]|[a-z][a-z0-9+.-]{1,30}://)", re.IGNORECASE)
_NAME = r"(?:[a-z0-9_-]{1,63}\.)+(?:[a-z][a-z0-9-]{1,62})\.?"
_NUMBER = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9a-f:.]{2,45}\]"
_HOST = rf"(?:{_NAME}|{_NUMBER}|localhost)"
_BEYOND = r"(?:[/\\?#]\S*)?\s*\Z"
_BARE = re.compile(
    rf"\s*(?:[/\\]{{2}}(?:[^\s/\\@]{{1,255}}@)?{_HOST}(?::[0-9]{{0,5}})?|{_HOST}:[0-9]{{1,5}}){_BEYOND}", re.IGNORECASE
)
"""An address without a scheme that is one wherever it stands: two slashes before a host, or a port behind it."""
_AT_LEAST = re.compile(rf"\s*{_HOST}{_BEYOND}", re.IGNORECASE)
"""A host, with a path or without: an address only where its key says that it is one."""
_SAYS_SO = re.compile(
    r"(?:url|uri|host|hostname|endpoint|callback|webhook|hook|proxy|server|address|upstream|origin|base)s?[0-9]*\Z"
)
"""How keys end whose texts are addresses, in lower case."""
Contacts = Callable[[str], None]


def elsewhere(value: dict[str, Any], own: Collection[str], contacts: Contacts) -> None:
    """Tell `contacts` each kind of what the members of a request ask for. `own`: the members that its API has, whose
    content its adapter looks at."""
    if _ASKING.isdisjoint(value) and isinstance(own, frozenset) and own.issuperset(value):
        return  # nearly always: none of them is looked at one by one
    for key, item in value.items():
        kind = FIELDS.get(key)
        if kind is None and key not in own:
            kind = _FOLDED.get(_folded(key))
        if kind is not None:
            if item is not None and item is not False and item != []:
                contacts(kind)
        elif key == _RETENTION:
            if item not in _IN_MEMORY:
                contacts("store")
        elif key == _EXTRA and type(item) is dict:
            _extra(item, contacts)
        elif key not in own and key not in _WORDS and leads_elsewhere(item, says_so=_says_so(key)):
            contacts("url")


def leads_elsewhere(value: Any, but: Collection[str] = _NAMES, *, says_so: bool = False) -> bool:
    """Whether a text anywhere in a JSON value, `but` below these keys, is an address: of whatever scheme, or without
    one a host behind two slashes or before a port; a host alone, or with a path, where its key says that it is an
    address. `says_so`: whether the key does under which the value itself stands. One with text before it is prose."""
    stack = [(value, says_so)]
    while stack:
        item, named = stack.pop()
        if type(item) is str:
            if _ADDRESS.match(item) or _BARE.match(item) or (named and _AT_LEAST.match(item)):
                return True
        elif type(item) is list:
            stack += [(child, named) for child in item]
        elif type(item) is dict:
            stack += [(child, _says_so(key)) for key, child in item.items() if key not in but]
    return False


def _says_so(key: str) -> bool:
    return _SAYS_SO.search(key.lower()) is not None


def _folded(key: str) -> str:
    """As the more lenient read a name: whatever its case, and what stands between its words."""
    return _BETWEEN.sub("", key).lower()


_BETWEEN = re.compile(r"[\s_-]+")
_FOLDED = {_folded(key): kind for key, kind in (FIELDS | KEPT).items()}


def _extra(value: dict[str, Any], contacts: Contacts) -> None:
    """Nothing in it was looked at as what it will be: tools of whatever kind are such as the provider runs."""
    elsewhere(value, (), contacts)
    if value.get("store") not in (None, False):
        contacts("store")
    if value.get("tools"):
        contacts("tool")
