"""What travels: messages to agents and answers from them, read into parts without losing a byte of the original."""

from typing import Literal

import msgspec

PartKind = Literal["text", "name", "token", "unreadable"]


class Part(msgspec.Struct, frozen=True):
    """One piece of text or attachment, with its place.

    `pointer` is an RFC 6901 JSON pointer into the body (`/messages/0/content`), or `path:N`, `query:NAME`,
    `header:NAME`, `form:NAME` outside it. `kind` is `text`; `name` for object keys, file names and identifiers that are
    scanned but cannot be masked in place; `token` for a name that is encoded by the protocol's own definition (a
    signature), so that its form says nothing; `unreadable` for what cannot be scanned (binary, unknown media): such a
    part is `unscanned` and its `text` is empty. In `text` pieces of JSON in a string stand as they are written there.
    `label` is the object key, form field or variable that the text stands under, where it may tell what the text is
    (`mrn`, `patient_name`): context for recognition, never itself part of `text`. `known` is the finding type that the
    whole text is by the format's own definition (a name field of an HL7 segment), or several, apart by a space: found
    with certainty, no guessing. `cuts` are ascending offsets at which one reader joins what another sets apart (the
    pieces of an artifact): the text is read both ways.
    """

    pointer: str
    text: str
    kind: PartKind = "text"
    label: str = ""
    known: str = ""
    cuts: tuple[int, ...] = ()


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came off the wire, its body within bounds, its transfer coding undone."""

    method: str
    path: str
    """Decoded path below the mount point (`/v1/chat/completions`, `/agents/{agent}/…`)."""
    query: str
    """The raw query string, undecoded."""
    headers: tuple[tuple[str, str], ...]
    """Lower-case names, in order of arrival."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header by its lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A request that its adapter has read.

    `document` is the parsed body where it is JSON (never mutated: `render` copies what it changes); `body` the exact
    bytes, which is what the commitment is made of. `action` is a word of policy (`chat`, `http:POST:/notes/{id}`).
    `onward` are further actions that the agent would carry out elsewhere (`onward:web_search`): each must be permitted
    too. `sessions` name what this message continues, as `kind:id` (`mcp:…`, `a2a-context:…`): its classes apply.
    `references` name what the provider holds and this gateway may not know (`openai-response:…`, `file:…`):
    `unscanned` unless a session of this gateway's has that name. `lasting`: the answer is a stream that stays open
    until one of both ends it, so its times are the agent's `listen_timeout_s`. `shaped`: it is what an agent's schema
    speaks of; a protocol may have other messages beside. `context` is what the protocol's governor
    (`exchange.governor`) knows of this message beside its bytes, for the protocol's own adapter. `form` is what the
    adapter keeps of how it read the body, for its own `render` alone.
    """

    protocol: str
    action: str
    target: str
    """The agent or capability that the caller named."""
    stream: bool
    body: bytes
    media_type: str
    parts: tuple[Part, ...]
    document: object = None
    inbound: Inbound
    onward: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    lasting: bool = False
    ends: bool = False
    """Whether all that it says is that the session which it names is over: then it says nothing of what that holds."""
    shaped: bool = True
    context: object = None
    form: object = None
    approval: str | None = None
    """The approval that the message itself names, in the protocol's own form of sending it again."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A request to an agent, obligations applied. `path` is relative to the agent's address and starts with `/`, or is
    empty: the address itself."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class WireAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's whole answer off the wire, within bounds."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Lower-case names."""
    body: bytes
    tls: str | None = None
    """Version and cipher of the connection that it came over; None without TLS."""

    def header(self, name: str) -> str | None:
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's answer that its adapter has read. `tokens_*` as the agent states them, None where it does not.
    `sessions`: names under which a later message may continue this exchange, as in `Message.sessions`. `derived`: it
    holds the request's content in a form that is in no part (vectors), so it is of the request's classes. `original`:
    the agent's own document where this one is a translation of it, which is what its answer schema speaks of. `form`
    as in `Message`."""

    status: int
    media_type: str
    headers: tuple[tuple[str, str], ...]
    """Those that may be passed on."""
    body: bytes
    parts: tuple[Part, ...]
    document: object = None
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    sessions: tuple[str, ...] = ()
    derived: bool = False
    original: object = None
    form: object = None
