"""Policy files → validated rules. Every refusal names file, line and column, and says what would be right.

The types of lines:

`p, priority, role, data, agent, action, purpose, when, eft, obligations, id, text`   a rule
`g, caller:<tenant>/<subject>|role:x, role:y`     who holds a role
`g2, class:x, class:y`                            a class and the broader one
`g3, agent:x|zone:x|capability:x, zone:y`         where something is; agents' own zones come from the settings
`f, role:x|agent:x|capability:x, class:y`         a floor: whatever comes this way carries this class at least
`i, class:x, class:y`                             whatever is x is y as well
`x, role:x, action`                               requests of this role for this action are not rerouted
`o, <rule>, class:x, text`                        a rule that is meant to let this class out, as it is
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from gateway.checks.policy import conditions, words
from gateway.checks.policy.groups import Groups
from gateway.checks.policy.model import COLUMNS
from gateway.checks.policy.rows import Row, read
from gateway.checks.policy.structure import Structure
from gateway.checks.policy.vocabulary import Vocabulary
from gateway.core.decision import DECLASSIFY, KEEP, NO_CONTENT, OBSERVE, TOKENIZE
from gateway.core.errors import ConfigurationError, FormatError

MAX_PRIORITY = 1_000_000
MAX_TEXT = 500
Edges = tuple[tuple[str, str], ...]
_Read = TypeVar("_Read")
WIDTH = {"p": len(COLUMNS) + 1, "g": 3, "g2": 3, "g3": 3, "f": 3, "i": 3, "x": 3, "o": 4}
"""Fields of each type of line, the type included."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One `p` line. Lower priorities are asked first."""

    row: Row
    priority: int
    role: str
    data: str
    agent: str
    action: str
    purpose: str
    when: tuple[str, ...]
    allows: bool
    obligations: tuple[str, ...]
    """Without `observe:`, which says when the rule begins and not what it does."""
    id: str
    text: str
    watch: str | None = None
    """The `observe:` of a rule that is only watched until a day is over."""

    @property
    def watched_until_us(self) -> int:
        """The first instant at which it is in force; 0 for a rule that always is."""
        return 0 if self.watch is None else words.watched_until_us(self.watch)

    @property
    def written(self) -> tuple[str, ...]:
        """The obligations as they are written, sorted."""
        return self.obligations if self.watch is None else tuple(sorted((*self.obligations, self.watch)))

    @property
    def pattern(self) -> str:
        """The actions it is about: `*` is more in a rule that denies than in one that allows."""
        return words.EVERY_ACTION if self.action == "*" and not self.allows else self.action

    def casbin(self) -> list[str]:
        """The line as casbin is given it, in the columns of the model."""
        when = ";".join(self.when) or conditions.ALWAYS
        obligations = ";".join(self.written) or "none"
        eft = "allow" if self.allows else "deny"
        who_and_what = [str(self.priority), self.role, self.data, self.agent, self.pattern, self.purpose]
        return [*who_and_what, when, eft, obligations, self.id, self.text]


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """One `o` line: somebody answers for a rule that lets a class into zones that are not trusted without a mask."""

    row: Row
    rule: str
    data: str
    text: str


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the policy files say, and the groups joined with those of the settings."""

    rules: tuple[Rule, ...]
    """By priority, then in the order written."""
    roles: Groups
    """Callers and roles → roles."""
    classes: Groups
    targets: Groups
    """Agents, zones and capabilities → zones and capabilities."""
    edges: Mapping[str, Edges]
    """The groupings as casbin is given them, by `g`, `g2`, `g3`."""
    floors: tuple[tuple[str, str], ...]
    implied: Mapping[str, tuple[str, ...]]
    """Class → every other class that it implies, followed to the end. Bare names."""
    exact: tuple[tuple[str, str], ...]
    """Role and action pattern."""
    openings: tuple[Opening, ...]
    vocabulary: Vocabulary


def load(members: Mapping[str, bytes], structure: Structure) -> Rules:
    """Parse `policy.csv` and the profile over it. What is only wrong together is found by `traps`."""
    rows = _merged(read("policy.csv", members["policy.csv"]), read("profile.csv", members.get("profile.csv", b"")))
    by_type: dict[str, list[Row]] = {kind: [] for kind in WIDTH}
    for row in rows:
        by_type[row.fields[0]].append(row)
    vocabulary = Vocabulary.of(structure, [row.fields[1:] for row in by_type["g2"]])
    g = _edges(by_type["g"], ("caller", "role"), ("role",), vocabulary)
    g2 = _edges(by_type["g2"], ("class",), ("class",), vocabulary)
    g3 = _edges(by_type["g3"], ("agent", "zone", "capability"), ("zone",), vocabulary)
    g3 += vocabulary.placements
    rules = tuple(sorted((_rule(row, vocabulary) for row in by_type["p"]), key=lambda rule: rule.priority))
    return Rules(
        rules=rules,
        roles=_groups("g", g),
        classes=_groups("g2", g2),
        targets=_groups("g3", g3),
        edges={"g": g, "g2": g2, "g3": g3},
        floors=_edges(by_type["f"], ("role", "agent", "capability"), ("class",), vocabulary),
        implied=_implied(_edges(by_type["i"], ("class",), ("class",), vocabulary)),
        exact=tuple(_exact(row) for row in by_type["x"]),
        openings=tuple(_opening(row, {rule.id for rule in rules}, vocabulary) for row in by_type["o"]),
        vocabulary=vocabulary,
    )


def _merged(base: tuple[Row, ...], profile: tuple[Row, ...]) -> list[Row]:
    """The lines of both, where a rule of the profile takes the place of the one with its id."""
    for rows in (base, profile):
        _whole(rows)
    replacing = {row.fields[10]: row for row in profile if row.fields[0] == "p"}
    kept = [row for row in base if row.fields[0] != "p" or row.fields[10] not in replacing]
    present = {row.fields for row in kept if row.fields[0] != "p"}
    return kept + [row for row in profile if row.fields not in present]


def _whole(rows: tuple[Row, ...]) -> None:
    """Known types, the right number of fields, and nothing there twice."""
    seen: set[object] = set()
    for row in rows:
        kind = row.fields[0]
        if kind not in WIDTH:
            raise row.error("type", f"must be one of {', '.join(WIDTH)}")
        if len(row.fields) != WIDTH[kind]:
            raise row.error("line", f"must hold {WIDTH[kind]} fields, its type included")
        key = row.fields[10] if kind == "p" else row.fields[:3]
        if key in seen:
            raise row.error("id" if kind == "p" else "line", "is there twice")
        seen.add(key)


def _rule(row: Row, vocabulary: Vocabulary) -> Rule:
    fields = dict(zip(COLUMNS, row.fields[1:], strict=True))

    def read_as(column: str, reader: Callable[[str], _Read]) -> _Read:
        try:
            return reader(fields[column])
        except FormatError as error:
            raise row.error(column, str(error)) from error

    obligations = read_as("obligations", words.obligations)
    rule = Rule(
        row=row,
        priority=read_as("priority", _priority),
        role=read_as("role", _role),
        data=read_as("data", lambda text: vocabulary.name(text, "class")),
        agent=read_as("agent", vocabulary.target),
        action=read_as("action", words.action),
        purpose=read_as("purpose", lambda text: words.purpose(text, vocabulary.purposes)),
        when=read_as("when", lambda text: _when(text, vocabulary)),
        allows=read_as("eft", _effect),
        obligations=tuple(word for word in obligations if not word.startswith(OBSERVE)),
        watch=next((word for word in obligations if word.startswith(OBSERVE)), None),
        id=read_as("id", words.rule_id),
        text=read_as("text", _sentence),
    )
    if not rule.allows and rule.obligations:
        raise row.error("obligations", "of a rule that denies must be none, or observe:<YYYY-MM-DD> alone")
    if rule.watch is not None and rule.allows and not rule.obligations:
        raise row.error("obligations", "observe must stand in a rule that denies, or beside another obligation")
    for word in rule.obligations:
        if word.startswith(DECLASSIFY) and f"class:{word.removeprefix(DECLASSIFY)}" not in vocabulary.classes:
            raise row.error("obligations", "declassify:<class> must name a data class of the policy")
        if word.startswith(words.NOTIFY) and word.removeprefix(words.NOTIFY) not in vocabulary.channels:
            raise row.error("obligations", "notify:<channel> must name a [[channel]]")
        if word.startswith(words.SUPERVISE) and f"agent:{word.removeprefix(words.SUPERVISE)}" not in vocabulary.agents:
            raise row.error("obligations", "supervise:<agent> must name an [[agent]]")
        if word.startswith(KEEP) and rule.action == "receive":
            raise row.error("obligations", "keep-content:<days> keeps what is sent: the action must not be receive")
        if word == NO_CONTENT and rule.action == "receive":
            raise row.error("obligations", "no-content is decided with what is sent: the action must not be receive")
        if word == TOKENIZE and rule.action == "receive":
            raise row.error("obligations", "tokenize is of what is sent: for receive it must be redact")
    return rule


def _priority(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,6}", text) or int(text) > MAX_PRIORITY:
        raise FormatError(f"must be a whole number from 1 to {MAX_PRIORITY}")
    return int(text)


def _role(text: str) -> str:
    return text if text == words.ANY_ROLE else words.name(text, "role")


def _when(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    return conditions.parse(text, vocabulary.tenants, vocabulary.regions, vocabulary.networks)


def _effect(text: str) -> bool:
    if text not in ("allow", "deny"):
        raise FormatError("must be exactly allow or deny")
    return text == "allow"


def _sentence(text: str) -> str:
    if len(text) > MAX_TEXT or " " not in text:
        raise FormatError(f"must be a sentence in plain words, of at most {MAX_TEXT} characters")
    return text


def _edges(rows: list[Row], left: tuple[str, ...], right: tuple[str, ...], vocabulary: Vocabulary) -> Edges:
    edges = []
    for row in rows:
        pair = []
        for column, kinds, text in (("first name", left, row.fields[1]), ("second name", right, row.fields[2])):
            try:
                pair.append(vocabulary.name(text, *kinds))
            except FormatError as error:
                raise row.error(column, str(error)) from error
        if pair[0] == pair[1]:
            raise row.error("line", "names the same on both sides")
        edges.append((pair[0], pair[1]))
    return tuple(edges)


def _exact(row: Row) -> tuple[str, str]:
    column = "role"
    try:
        role = _role(row.fields[1])
        column = "action"
        if row.fields[2].startswith(words.ONWARD):
            raise FormatError("must be an action of a caller: what an agent does onward is never rerouted by itself")
        return role, words.action(row.fields[2])
    except FormatError as error:
        raise row.error(column, str(error)) from error


def _opening(row: Row, rules: set[str], vocabulary: Vocabulary) -> Opening:
    _, rule, data, text = row.fields
    if rule not in rules:
        raise row.error("rule", "must be the id of a rule")
    try:
        return Opening(row=row, rule=rule, data=vocabulary.name(data, "class"), text=_sentence(text))
    except FormatError as error:
        raise row.error("class or text", str(error)) from error


def _groups(kind: str, edges: Edges) -> Groups:
    try:
        return Groups(edges)
    except FormatError as error:
        raise ConfigurationError(f"policy.csv: {kind}: {error}") from error


def _implied(edges: Edges) -> dict[str, tuple[str, ...]]:
    closures = _groups("i", edges).names()
    return {
        name.removeprefix("class:"): tuple(sorted(other.removeprefix("class:") for other in closure - {name}))
        for name, closure in sorted(closures.items())
        if len(closure) > 1
    }
