"""What policy is asked, and what it answers."""

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

Effect = Literal["route", "redact", "tokenize", "approve", "deny"]
"""The words of `X-Decision`, the record and the filter, from mildest to strictest."""
DECLASSIFY = "declassify:"
"""The obligation by which a class leaves the flow it is in."""
KEEP = "keep-content:"
"""The obligation by which what is sent is kept sealed, for the days that follow."""
NO_CONTENT = "no-content"
"""The obligation by which nothing of message and answer is kept, sealed or not."""


OBSERVE = "observe:"
"""The word by which a rule is only watched until a day is over: on record is what it would have done."""
TOKENIZE = "tokenize"
"""The obligation by which findings are taken out, and random tokens that stand for them go in their place."""
MASKING = frozenset({"redact", "generalise", TOKENIZE})
"""The obligations by which findings are taken out of what goes. `generalise` leaves what is general of them."""


def masks(obligations: Iterable[str]) -> bool:
    """Whether something must be masked."""
    return any(obligation.partition(":")[0] in MASKING for obligation in obligations)


def masks_whole(obligations: Iterable[str]) -> bool:
    """Whether everything must be masked that makes the class: no list of types leaves the others where they are."""
    return not MASKING.isdisjoint(obligations)


def tokenizes(obligations: Collection[str]) -> bool:
    """Whether tokens go in the place of findings."""
    return TOKENIZE in obligations


def keeps_nothing(obligations: Collection[str]) -> bool:
    """Whether nothing of message and answer may be kept, nor what would open a commitment to them."""
    return NO_CONTENT in obligations


def asks(obligations: Iterable[str]) -> bool:
    """Whether anybody is asked before the message goes, people or an agent: it waits for them, sealed in the
    database."""
    return any(obligation.partition(":")[0] in ("approve", "supervise") for obligation in obligations)


def kept_days(obligations: Collection[str]) -> int:
    """For how many days what is sent is kept: the fewest that a rule says, 0 where none does or nothing may be."""
    if keeps_nothing(obligations):
        return 0
    return min((int(item.removeprefix(KEEP)) for item in obligations if item.startswith(KEEP)), default=0)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One message, put to policy for one agent at a time. Names are bare here; policy adds the kinds."""

    tenant: str
    """The configured tenant id."""
    subject: str
    roles: tuple[str, ...]
    zone: str
    action: str
    purpose: str | None
    classes: tuple[str, ...]
    """Sorted; `("public",)` when there is none. Taken before masking."""
    named: bool = True
    """Whether the subject is one that the policy may call by name (`Identity.named`)."""
    source: str = ""
    """The caller's network address; empty where nobody knows it."""
    strength: str = ""
    """How strongly the caller was identified: `key`, `token` or `certificate`; empty where nobody knows."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one data class: the rule that decided, or None when nothing matched (which denies)."""

    data_class: str
    allowed: bool
    rule: str | None
    obligations: tuple[str, ...] = ()
    observed: str | None = None
    """The rule that is only watched and would have answered otherwise."""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The join over all classes for one agent: any deny denies, otherwise the union of the obligations.

    `obligations` are as written in the rules (`redact`, `redact:email,phone`, `approve:privacy`), sorted, without
    repeats. `rules` are ids of rules in the order of the classes, without repeats.
    """

    allowed: bool
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def declassified(ruling: Ruling | None) -> frozenset[str]:
    """The classes that leave the flow here: every rule that decided on one says so of it by name."""
    if ruling is None or not ruling.allowed:
        return frozenset()
    said, silent = set[str](), set[str]()
    for verdict in ruling.verdicts:
        leaves = f"{DECLASSIFY}{verdict.data_class}" in verdict.obligations
        (said if leaves else silent).add(verdict.data_class)
    return frozenset(said - silent)


def effect_of(ruling: Ruling) -> Effect:
    """A ruling in the word of the record. What would have to wait, and may not be kept, goes nowhere."""
    if not ruling.allowed:
        return "deny"
    if asks(ruling.obligations):
        return "deny" if keeps_nothing(ruling.obligations) else "approve"
    return masking_effect(ruling.obligations) or "route"


def masking_effect(obligations: Collection[str]) -> Effect | None:
    """The word for what is done to findings, the stricter of two; None where nothing is."""
    if tokenizes(obligations):
        return "tokenize"
    return "redact" if masks(obligations) else None


class Fit(msgspec.Struct, frozen=True):
    """A message that an agent could be sent. `document` is what the agent's own schema is held against."""

    document: object


class Unfit(msgspec.Struct, frozen=True):
    """Why an agent could not be sent a message, whatever policy says: `answer` as in `CandidateView`; `feature` names
    what has no translation, never a value of it."""

    answer: str
    feature: str = ""


class CandidateView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate as it was evaluated, for the record: in the order evaluated."""

    agent: str
    zone: str
    healthy: bool
    answer: str
    """`allow`, `redact`, `tokenize`, `approve`, `deny`, `cannot-redact`, `schema`, `protocol`, `translation`,
    `onward`, `session`, `loop`."""
    rule: str | None = None
    """The rule that decided against it, or for it."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What would have happened, had rules that are only watched been in force; `watched`: their ids."""

    effect: Effect
    agent: str | None
    rules: tuple[str, ...]
    watched: tuple[str, ...]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What will happen to a message: the agent it goes to, under which obligations, by which rules and policy."""

    effect: Effect
    agent: str | None
    """None when denied."""
    rules: tuple[str, ...]
    obligations: tuple[str, ...]
    policy: str
    """The digest of the policy version: `sha256:` and 64 hex digits."""
    candidates: tuple[CandidateView, ...]
    observed: Observed | None = None
    """Where rules that are only watched would have decided otherwise: how."""
