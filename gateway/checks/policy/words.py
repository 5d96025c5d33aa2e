"""The words of policy files: names with their kind, action patterns, purposes, obligations.

Every reader here raises `FormatError` that says what would be right and never repeats what was written; the loader
adds the place.
"""

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from gateway.core.decision import DECLASSIFY, KEEP, MASKING, NO_CONTENT, OBSERVE, asks, keeps_nothing
from gateway.core.errors import FormatError

ANY_ROLE = "role:*"
ANY_ZONE = "zone:*"
ANY_CLASS = "class:any"
PERSONAL = "class:personal"
PHI = "class:phi"
ANY_PURPOSE = "purpose:*"
NO_PURPOSE = "purpose:none"
ONWARD = "onward:"
"""What an agent would itself contact: a kind is always named in full, no pattern allows it."""
EVERY_ACTION = "**"
"""What `*` means in a rule that denies: every action, onward ones too. In a rule that allows it means all but those."""

_NAMES = {
    "caller": re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}/[^\s,;\x00-\x1f\x7f]{1,256}"),
    "role": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}"),
    "class": re.compile(r"[a-z0-9][a-z0-9-]{0,62}"),
    "agent": re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}"),
    "zone": re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}"),
    "capability": re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}"),
}
_SIMPLE_ACTIONS = frozenset({"chat", "respond", "embed", "message", "task", "receive"})
_TOOL = re.compile(r"tool:[A-Za-z0-9_.*/-]{1,128}")
_HTTP = re.compile(r"http:(?:\*|GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS):(?:\*|/[!-~]{0,255})")
_ONWARD = re.compile(r"onward:[a-z0-9][a-z0-9_.-]{0,62}")
_RULE_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_APPROVE = re.compile(r"approve:(?:[1-9]/)?[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}")
_KEEP = re.compile(r"keep-content:[1-9][0-9]?")
NOTIFY = "notify:"
"""The obligation by which a channel is told that a message went."""
SUPERVISE = "supervise:"
"""The obligation by which a registered agent looks at a message before it goes."""

RESERVED_IDS = frozenset(
    {"purpose-required", "policy-error", "request-invalid", "unknown-agent", "unknown-zone", "unknown-way"}
)
"""Rule names that the code itself puts into a ruling; `contract:<processor>` cannot collide, ids hold no colon."""


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


PURPOSES = _listed(
    "TREAT CLINTRL CAREMGT COC ETREAT BTG ERTREAT POPHLTH HPAYMT CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM"
    " MILDCRG REMITADV HOPERAT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP"
    " HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV HTEST TRAIN HRESCH BIORCH"
    " CLINTRCH CLINTRCHNPC CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH PATRQT FAMRQT PWATRNY SUPNWK PUBHLTH DISASTER"
    " THREAT HMARKT"
)
"""HL7 v3 ActReason, the codes under PurposeOfUse."""

FINDING_TYPES = _listed(
    "person street-address place postal-code phone email url ip mac date date-of-birth age card card-expiry card-cvv"
    " iban bic bank-account us-ssn us-itin us-ein us-driver-license us-passport uk-nhs uk-nino de-idnr fr-nir es-dni"
    " es-nie it-codice-fiscale nl-bsn pl-pesel se-personnummer ca-sin au-tfn in-aadhaar br-cpf mrn"
    " health-plan-id npi dea mbi icd-10 medication health-term vin plate device-serial account certificate"
    " organization title"
    " in-pan in-epic in-vid uk-utr uk-upn us-ptin us-atin fr-spi ca-phn pl-nip nl-onderwijsnummer de-stnr"
    " de-svnr be-rijksregister at-svnr at-stnr ch-ahv pt-nif dk-cpr no-fodselsnummer fi-hetu ie-pps nz-ird"
    " ee-isikukood identity-card"
)
_FINDING_FAMILY = re.compile(r"(?:secret|special|x)-[a-z0-9][a-z0-9-]{0,40}")


def name(text: str, *kinds: str) -> str:
    """A name with its kind (`role:clerk`), which must be one of `kinds`."""
    kind, colon, bare = text.partition(":")
    if not colon or kind not in kinds:
        wanted = " or ".join(f"{wanted}:<name>" for wanted in kinds)
        raise FormatError(f"must name its kind: {wanted}")
    if not _NAMES[kind].fullmatch(bare):
        form = "caller:<tenant>/<subject>" if kind == "caller" else f"{kind}:<letters, digits and - _ .>"
        raise FormatError(f"must have the form {form}")
    return text


def rule_id(text: str) -> str:
    """The id of a rule: it appears on records, so its form is narrow."""
    if not _RULE_ID.fullmatch(text) or text in RESERVED_IDS:
        raise FormatError("must be of lower-case letters, digits and . _ -, at most 63, and not a reserved word")
    return text


def purpose(text: str, known: frozenset[str]) -> str:
    """`purpose:<code>`, `purpose:*` (any, or none given) or `purpose:none`."""
    if text in (ANY_PURPOSE, NO_PURPOSE):
        return text
    kind, colon, code = text.partition(":")
    if not colon or kind != "purpose":
        raise FormatError("must name its kind: purpose:<HL7 code>, purpose:* or purpose:none")
    if code not in known:
        # Of what issuers may assert none is told: in a tenant's version these are other tenants' too.
        near = nearest(code, PURPOSES)
        raise FormatError("must be an HL7 PurposeOfUse code or one that an [[issuer]] may assert" + near)
    return text


def nearest(text: str, known: Iterable[str]) -> str:
    """What a refusal of a name adds: the one of those that are known that it is most like, if it is like any."""
    near = difflib.get_close_matches(text, sorted(known), n=1, cutoff=0.4)
    return f"; the nearest is {near[0]}" if near else ""


def action(text: str) -> str:
    """An action or a pattern of actions: `*` stands for any run of characters inside `tool:` and `http:`, or alone."""
    if text == "*" or text in _SIMPLE_ACTIONS or any(form.fullmatch(text) for form in (_TOOL, _HTTP, _ONWARD)):
        return text
    simple = ", ".join(sorted(_SIMPLE_ACTIONS))
    raise FormatError(f"must be one of *, {simple}, tool:<name>, http:<METHOD or *>:/<template>, onward:<kind>")


def obligations(text: str) -> tuple[str, ...]:
    """`none`, or obligations separated by `;`, sorted. What this version cannot do is refused, never ignored."""
    if text == "none":
        return ()
    found = [_obligation(word.strip()) for word in text.split(";")]
    if len(set(found)) != len(found):
        raise FormatError("names the same obligation twice")
    if sum(word.partition(":")[0] in MASKING for word in found) > 1:
        raise FormatError("must hold at most one of redact, generalise and tokenize")
    if sum(word.startswith("approve") for word in found) > 1:
        raise FormatError("must hold at most one approve")
    if sum(word.startswith(SUPERVISE) for word in found) > 1:
        raise FormatError("must hold at most one supervise")
    if sum(word.startswith(KEEP) for word in found) > 1:
        raise FormatError("must hold at most one keep-content")
    if sum(word.startswith(OBSERVE) for word in found) > 1:
        raise FormatError("must hold at most one observe")
    if keeps_nothing(found) and (asks(found) or any(word.startswith(KEEP) for word in found)):
        raise FormatError("must not hold no-content beside keep-content, approve or supervise: these keep content")
    return tuple(sorted(found))


def _obligation(word: str) -> str:
    if word in MASKING or word == NO_CONTENT or _APPROVE.fullmatch(word):
        return word
    if word.startswith(DECLASSIFY):
        if not _NAMES["class"].fullmatch(word.removeprefix(DECLASSIFY)):
            raise FormatError("declassify:<class> must name one data class")
        return word
    if word.startswith(SUPERVISE):
        if not _NAMES["agent"].fullmatch(word.removeprefix(SUPERVISE)):
            raise FormatError("supervise:<agent> must name one agent by its id")
        return word
    if word.startswith(NOTIFY):
        if not _NAMES["agent"].fullmatch(word.removeprefix(NOTIFY)):
            raise FormatError("notify:<channel> must name one channel by its id")
        return word
    if word.startswith(KEEP):
        if not _KEEP.fullmatch(word):
            raise FormatError("keep-content:<days> must name a whole number of days from 1 to 99")
        return word
    if word.startswith("redact:"):
        types = [kind.strip() for kind in word.removeprefix("redact:").split(",")]
        if len(set(types)) != len(types) or not all(
            kind in FINDING_TYPES or _FINDING_FAMILY.fullmatch(kind) for kind in types
        ):
            raise FormatError("redact:<types> must list known finding types, each once, separated by commas")
        return "redact:" + ",".join(sorted(types))
    if word.partition(":")[0] == "observe":
        watched_until_us(word)
        return word
    masking = "redact, redact:<types>, generalise, tokenize"
    asking = "approve:<role>, approve:<n>/<role>, supervise:<agent>, notify:<channel>, keep-content:<days>, no-content"
    raise FormatError(f"must be none, {masking}, {asking}, declassify:<class> or observe:<YYYY-MM-DD>, separated by ;")


def by_form(found: Iterable[str]) -> tuple[str, ...]:
    """Finding types that obligations name and that only their form was asked of: whether anything finds them is for who
    knows the recognizers."""
    listed = (word.removeprefix("redact:").split(",") for word in found if word.startswith("redact:"))
    return tuple(kind for kinds in listed for kind in kinds if kind not in FINDING_TYPES)


def watched_until_us(word: str) -> int:
    """The first instant at which a rule with this `observe:` is in force: the end of the day it names, in UTC."""
    text = word.removeprefix(OBSERVE)
    try:
        last = date.fromisoformat(text)
        if last.isoformat() != text:
            raise ValueError("another way to write a date")
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise FormatError("observe:<YYYY-MM-DD> must name the last day on which the rule is only watched") from error
    return int(end.timestamp()) * 1_000_000


@lru_cache(maxsize=65_536)
def action_matches(action: str, pattern: str) -> bool:
    """Whether a concrete action fits a pattern. Linear in the action for each `*`, case-sensitive. An onward action
    fits its own name and `EVERY_ACTION`, nothing else."""
    if action.startswith(ONWARD):
        return pattern in (action, EVERY_ACTION)
    first, *rest = pattern.split("*")
    if not rest:
        return action == pattern
    *middle, last = rest
    if len(action) < len(first) + len(last) or not action.startswith(first) or not action.endswith(last):
        return False
    place, end = len(first), len(action) - len(last)
    for piece in middle:
        found = action.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return True


def purpose_matches(purpose: str, wanted: str) -> bool:
    """Whether a request's purpose (`purpose:none` where it has none) is the one a rule names."""
    return wanted in (ANY_PURPOSE, purpose)


def actions_meet(one: str, other: str) -> bool:
    """Whether some action fits both patterns: a walk over both at once, each `*` standing still or taking a step."""
    for action, pattern in ((one, other), (other, one)):
        if action.startswith(ONWARD):
            return action_matches(action, pattern)
    reached = {0}
    for index in range(len(one) + 1):
        reached = _spread(other, reached)
        if index == len(one):
            break
        if one[index] == "*":
            # The star may take any number of steps of the other pattern, or none.
            reached = set(range(min(reached), len(other) + 1)) if reached else reached
            continue
        step = set()
        for place in reached:
            if place < len(other):
                if other[place] == "*":
                    step.add(place)
                elif other[place] == one[index]:
                    step.add(place + 1)
        reached = step
    return len(other) in reached


def _spread(pattern: str, places: set[int]) -> set[int]:
    """The places reached when the stars at these places are skipped."""
    spread = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] == "*":
            place += 1
            spread.add(place)
    return spread
