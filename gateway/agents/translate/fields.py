"""Taking objects apart so that nothing in them is lost in silence: each member is taken, dropped by name, or told."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from gateway.agents.bodies import read_json
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

Number: TypeAlias = int | float | Decimal
_NOTHING: tuple[Any, ...] = (None, False, "", [], {})
_PREFIXES = ("chatcmpl-", "resp_", "msg_")
_PARAMETERS = frozenset(
    (
        "add_generation_prompt", "api_base", "api_version", "best_of", "caching", "chat_template",
        "chat_template_kwargs", "content_filter_policy", "custom_llm_provider", "data_sources", "drop_params",
        "echo", "enable_thinking", "extra_body", "fallbacks", "format", "frequency_penalty", "generation_config",
        "grammar", "guided_choice", "guided_decoding_backend", "guided_grammar", "guided_json", "guided_regex",
        "ignore_eos", "images", "include_reasoning", "json_schema", "keep_alive", "length_penalty", "logit_bias",
        "logprobs", "max_retries", "min_p", "min_tokens", "mirostat", "mirostat_eta", "mirostat_tau",
        "mock_response", "model_kwargs", "models", "num_beams", "num_ctx", "num_predict", "num_retries", "options",
        "plugins", "presence_penalty", "prompt_logprobs", "provider", "raw", "reasoning", "repeat_penalty",
        "repetition_penalty", "response_mime_type", "return_reasoning", "route", "safe_prompt", "safety_settings",
        "search_parameters", "skip_special_tokens", "spaces_between_special_tokens", "stop_token_ids", "suffix",
        "system", "tags", "template", "tfs_z", "think", "thinking_config", "timeout", "top_a", "top_k",
        "transforms", "truncate_prompt_tokens", "typical_p", "usage", "use_beam_search", "web_search_options",
    )
)  # fmt: skip
"""Parameters that clients are known to send and no form here has: their names may be told, a caller's own not."""
_ARGUMENTS = Bounds(body_bytes=1 << 24, answer_bytes=1 << 24, depth=64)


class Lost(Exception):
    """Something that the other form has no words for. `feature` is made of names from this code only."""

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


class Fields:
    """The members of one object that are still to be taken. `what` names the object in what `Lost` says."""

    def __init__(self, value: Any, what: str) -> None:
        self._given = members(value, what)
        self._left = dict(self._given)
        self._what = what

    def take(self, key: str) -> Any:
        """A member as it is; None where it is not there, which no form tells apart from null."""
        return self._left.pop(key, None)

    def text(self, key: str) -> str | None:
        value = self.take(key)
        if value is None or type(value) is str:
            return value
        raise Lost(f"{self._what}: {key} that is no text")

    def said(self, key: str) -> str:
        """A text that must be there."""
        value = self.text(key)
        if value is None:
            raise Lost(f"{self._what} without {key}")
        return value

    def flag(self, key: str) -> bool | None:
        value = self.take(key)
        if value is None or type(value) is bool:
            return value
        raise Lost(f"{self._what}: {key} that is neither true nor false")

    def number(self, key: str) -> Number | None:
        value = self.take(key)
        if value is None or type(value) in (int, float, Decimal):
            return value  # type: ignore[no-any-return]  # one of the three, as was just seen
        raise Lost(f"{self._what}: {key} that is no number")

    def count(self, key: str) -> int | None:
        value = self.take(key)
        if value is None or type(value) is int:
            return value
        raise Lost(f"{self._what}: {key} that is no whole number")

    def items(self, key: str) -> list[Any]:
        """A list; empty where there is none."""
        value = self.take(key)
        if value is None:
            return []
        if type(value) is not list:
            raise Lost(f"{self._what}: {key} that is no list")
        return value

    def drop(self, *keys: str) -> None:
        """Leave these out on purpose: `docs/translation.md` lists each with its reason."""
        for key in keys:
            self._left.pop(key, None)

    def without(self, *keys: str) -> None:
        """These have no counterpart: `Lost`, by name, where one says anything at all."""
        for key in keys:
            if self.take(key) not in _NOTHING:
                raise Lost(key)

    def end(self) -> None:
        """Nothing may be left: what is not known here may matter."""
        for key, value in self._left.items():
            if value is not None:
                raise self._unknown(key)

    def over(self) -> None:
        """As `end`, of an answer: servers write members of theirs that say nothing into every one (`"prefix": false`).
        A request's may mean something by being false."""
        for key, value in self._left.items():
            if value not in _NOTHING:
                raise self._unknown(key)

    def _unknown(self, key: str) -> Lost:
        """By its place where the name is the caller's own: a name may be anybody's."""
        if key in _PARAMETERS:
            return Lost(f"{key} (of the {self._what})")
        return Lost(f"an unknown field (of the {self._what}, its member number {list(self._given).index(key) + 1})")


def members(value: Any, what: str) -> Mapping[str, Any]:
    """The object itself; `Lost` for what is none."""
    if type(value) is not dict:
        raise Lost(f"{what} that is no object")
    return value


def arguments(text: str) -> dict[str, Any]:
    """A tool call's arguments as an object. No text at all is an object without members: some agents write it so."""
    if not text.strip():
        return {}
    read = read_json(text.encode("utf-8", "surrogatepass"), _ARGUMENTS)
    if isinstance(read, Refusal) or type(read.value) is not dict:
        raise Lost("tool arguments that are no JSON object")
    return read.value


def cut_off(text: str) -> bool:
    """Whether a tool call's arguments are an object that was begun and not ended, as a longest answer leaves it."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        arguments(text)
    except Lost:
        return True
    return False


def count_of(value: Any) -> int:
    """A count of tokens, where the agent states one."""
    return value if type(value) is int and value >= 0 else 0


def named(prefix: str, text: str) -> str:
    """An answer's identifier with the prefix that is usual in a form, in place of another form's."""
    for other in _PREFIXES:
        text = text.removeprefix(other)
    return prefix + text
