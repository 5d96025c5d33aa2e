"""Of what a year's exchanges are made: agents, messages, callers, and what a policy made up for it says of them."""

from typing import Any, NamedTuple

from benchmarks.year_hand import HOUR_US, START_US, YEAR_US, Hand
from benchmarks.year_persons import ASKED, ERASED, FEW, MANY, ONE, OTHER
from benchmarks.year_versions import VERSIONS
from gateway.ledger.record import ClassesInfo, Detail, Envelope

NEWER_AT = START_US + YEAR_US // 3
"""From when on agents are of a newer version, with another model."""
PERSONAL = {"pii", "phi", "pci", "special-category"}

NIGHT = "night-round"
OFFERED = {"ward-scribe": "summarize", "letters": "write-letters", "cloud-writer": "draft"}
"""Agent → the capability that it is first of all registered for."""


class Agent(NamedTuple):
    """A registered agent, as records name it."""

    agent: str
    zone: str
    region: str
    processor: str

    @property
    def host(self) -> str:
        """Where it is reached, with the port."""
        return f"{self.agent}.example:443"

    def does(self, at: int) -> str:
        """The capability that it is asked for at this time: one of them at night alone."""
        night = self.agent == "ward-scribe" and at // HOUR_US % 24 < 8
        return NIGHT if night else OFFERED[self.agent]

    def runs(self, at: int) -> tuple[str, str]:
        """Its version and model at this time: it is registered anew once in the year."""
        return ("2.1", f"{self.agent}-7b") if at < NEWER_AT else ("2.2", f"{self.agent}-9b")

    def secured(self, at: int) -> str | None:
        """TLS of the connection to it: none in house; its partner's is of an older version until it is registered
        anew."""
        if self.zone == "in-house":
            return None
        newer = self.zone == "cloud" or at >= NEWER_AT
        return "TLSv1.3 TLS_AES_256_GCM_SHA384" if newer else "TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384"

    def fields(self, at: int) -> dict[str, Any]:
        """Of a record of this time that names it."""
        version, model = self.runs(at)
        return {**self._asdict(), "agent_version": version, "model": model}


AGENTS = (
    Agent("ward-scribe", "in-house", "DE", "clinic-it"),
    Agent("letters", "partner", "FR", "lettres-sa"),
    Agent("cloud-writer", "cloud", "US", "big-cloud"),
)
MESSAGES: tuple[tuple[tuple[str, ...], dict[str, int]], ...] = (
    ((), {}),
    (("pii",), {"person": 2, "email": 1}),
    (("phi", "pii"), {"mrn": 1, "person": 1, "health-term": 3}),
    (("pci", "pii"), {"card": 1}),
    (("internal",), {}),
    (("pii", "special-category"), {"religion": 1, "person": 1}),
)
PURPOSES = ("TREAT", "HPAYMT", "HOPERAT", "HRESCH", "PUBHLTH", None)
NO_BASIS = "HOPERAT"
"""The purpose that no legal basis is registered for."""
MASKABLE = {
    "pii": frozenset({"person", "email", "mrn"}),
    "phi": frozenset({"person", "email", "mrn", "card"}),
    "pci": frozenset({"card"}),
}
"""Of the types that messages hold, those that masking masks, by class; as in the policy that ships."""
ENGINES = ("sha256:" + "aa" * 32, "sha256:" + "bb" * 32)
ERASED_AT = START_US + 200 * 86_400_000_000
"""From when on nothing is sent of the person who is erased: half a day before the erasure begins."""
FEW_AT = (0.1, 0.5, 0.9)
"""When in the year something is sent of the person with three disclosures."""


class Message(NamedTuple):
    """What a request holds: the classes by where they came from, and how many findings of each type."""

    classes: ClassesInfo
    found: dict[str, int]

    @property
    def all(self) -> tuple[str, ...]:
        one = self.classes
        return tuple(sorted({*one.found, *one.declared, *one.inherited, *one.floor}))


class Ruled(NamedTuple):
    """What becomes of a request. `effect`: of the decision on record, None where there is none; `asked`: whether
    policy was; `code`: why it goes nowhere, None where it goes."""

    word: str
    effect: str | None
    rules: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    asked: bool = True
    code: str | None = None


def message(hand: Hand) -> Message:
    """One that was classified: mostly by its content alone; some in a session, by a declaration, or by a floor."""
    found, counts = hand.pick(MESSAGES, 0.38, 0.62, 0.81, 0.86, 0.97)
    inherited = ("phi", "pii") if hand.chance(0.06) else ()
    declared = ("special-category",) if hand.chance(0.02) else ()
    floor = ("internal",) if hand.chance(0.1) else ()
    return Message(ClassesInfo(found=found, declared=declared, inherited=inherited, floor=floor), dict(counts))


def ruled(hand: Hand, classes: tuple[str, ...], zone: str, *, people: bool) -> Ruled:
    """What policy says of these classes in this zone. `people`: whether there is anybody to ask."""
    chance = hand.random.random()
    if zone == "in-house" or PERSONAL.isdisjoint(classes):
        return _at_home(chance)
    if "phi" in classes and zone == "cloud":
        if chance < 0.2 and people:
            return Ruled("approve", "approve", ("ask",), ("approve:privacy",), code="approval_required")
        if chance < 0.3 and people:
            return Ruled("approve", "approve", ("ask",), ("approve:privacy", "redact:mrn,person"))
        return Ruled("deny", "deny", ("phi-stays",), code="policy_denied")
    if chance < 0.4:
        return Ruled("redact", "redact", ("mask-outside",), ("keep-content:30", "redact"))
    if chance < 0.6:
        return Ruled("redact", "redact", ("mask-names",), ("redact:email,person",))
    if chance < 0.75:
        return Ruled("redact", "redact", ("years-alone",), ("generalise",))
    if chance < 0.9:
        return Ruled("tokenize", "tokenize", ("tokens-outside",), ("no-content", "tokenize"))
    return Ruled("route", "route", ("letters-may", "letters-known"))


def _at_home(chance: float) -> Ruled:
    said: tuple[str, ...] = ()
    if chance < 0.2:
        said = ("keep-content:30",)
    elif chance < 0.25:
        said = ("keep-content:365",)
    elif chance < 0.28:
        said = ("no-content",)
    return Ruled("route", "route", ("open-in-house",), said)


def refused(hand: Hand, effect: str) -> Ruled | None:
    """What is refused by something else than policy, now and then: before it was asked, and after."""
    chance = hand.random.random()
    if chance < 0.004:
        return Ruled("refused", "deny", asked=False, code="rate_limited")
    if chance < 0.006:
        return Ruled("refused", None, asked=False, code="message_invalid")
    if chance < 0.009 and effect in ("route", "redact", "tokenize"):
        return Ruled("refused", effect, ("open-in-house",), asked=True, code="agent_unavailable")
    return None


def masked(obligations: tuple[str, ...], classes: tuple[str, ...]) -> frozenset[str] | None:
    """The finding types that these obligations have masked; None where they mask nothing."""
    if {"redact", "generalise", "tokenize"} & set(obligations):
        return frozenset(kind for name in classes for kind in MASKABLE.get(name, ()))
    for obligation in obligations:
        if obligation.startswith("redact:"):
            return frozenset(obligation[len("redact:") :].split(","))
    return None


def subjects(hand: Hand, at: int) -> tuple[str, ...] | None:
    """Whom a message is about; None where nobody is named."""
    draw = hand.random
    chance = draw.random()
    if chance < 0.030:
        return (MANY,)
    if chance < 0.035:
        return (ONE, OTHER) if hand.chance(0.3) else (ONE,) if hand.chance(0.5) else (OTHER,)
    if chance < 0.040:
        return (ASKED, hand.subject()) if hand.chance(0.5) else (ASKED,)
    if chance < 0.047 and at < ERASED_AT:
        return (ERASED, MANY) if hand.chance(0.3) else (ERASED,)
    if chance < 0.6:
        return (hand.subject(),)
    return None


def told(hand: Hand, kind: str, about: tuple[str, ...] | None, to: Agent | None) -> Detail:
    """The detail of a request. `to`: the agent that it goes to, if it goes."""
    draw = hand.random
    method = hand.pick(("jwt", "api-key", "mtls"), 0.75, 0.95)
    return Detail(
        subject=f"person-{draw.randrange(60)}",
        roles=("clinician",) if hand.chance(0.7) else ("clerk", "user"),
        credential=f"key_{draw.randrange(90)}",
        issuer=f"issuer-{draw.randrange(2)}.example" if method == "jwt" else None,
        method=method,
        on_behalf_of=("nurse-1@clinic.example", "dr-2@clinic.example") if kind == "agent" else None,
        source="192.0.2.7",
        path="/v1/chat/completions",
        destination=None if to is None else to.host,
        subjects=about,
        tls="TLSv1.3 TLS_AES_256_GCM_SHA384" if hand.chance(0.9) else None,
    )


def labels(record: Envelope) -> list[str] | None:
    """The classes of a record; None where it was not assessed."""
    one = record.classes
    return None if one is None else sorted({*one.found, *one.declared, *one.inherited, *one.floor})


def version(at: int) -> str:
    """The policy version in force."""
    return VERSIONS[at > START_US + YEAR_US // 2]


def engine(at: int) -> str:
    return ENGINES[at > START_US + YEAR_US // 2]


def few(number: int, count: int) -> tuple[str, ...] | None:
    """The person with three disclosures, at three exchanges of the year."""
    return (FEW,) if number in {int(count * share) for share in FEW_AT} else None
