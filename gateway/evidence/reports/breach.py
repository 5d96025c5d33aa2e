"""The breach pack: what should not have left, whom it was about and how many, with the clocks and a worksheet."""

from collections.abc import Sequence

from gateway.evidence.reports import sections
from gateway.evidence.reports.basis import Affected, Basis
from gateway.evidence.reports.document import Block, Cell, Fields, Form, Section, Text

_CLOCKS = (
    "The clocks run from when the gateway saw it; the law counts from when somebody became aware (72 hours, GDPR Art. "
    "33) or discovered it (60 days, 45 CFR 164.404), which may be earlier and is for people to state."
)
_COUNTED = (
    "Persons are those that callers named (X-Data-Subject) with what was sent, {each}. Who is only spoken of in a "
    "message is in no record: where records name nobody, have lost their detail or are not at hand, there may be more "
    "persons than are counted here. Incidents that were open when the period began are listed above, and not counted "
    "again."
)
_MERGED = "each counted once, however often and under however many merged pseudonyms"
_BUNDLED = (
    "each pseudonym counted as a person: which of them were merged stands in details that this bundle does not open, "
    "so that there may be fewer persons. The ledger's own breach pack counts each person once"
)
_SHEET = Form(
    "Four-factor assessment (45 CFR 164.402(2)), for each incident",
    (
        "Nature and extent of the data, and how likely persons are identified again",
        "Who got it, and what binds them",
        "Whether it was actually acquired or viewed",
        "How far the risk has been mitigated",
        "Aware at, and reasons for delay (GDPR Art. 33(1))",
        "Likely consequences, and measures taken (GDPR Art. 33(3))",
        "Decision, by whom, and date",
    ),
)


def compose(basis: Basis) -> tuple[Section, ...]:
    """The incidents of the period, how many persons they are about in all, and each for itself."""
    opened = basis.figures["incidents"]["opened"]
    counted = _COUNTED.format(each=_MERGED if basis.outside is not None else _BUNDLED)
    each: list[Block] = [Text(_CLOCKS, "warning"), *(_incident(row, basis) for row in opened)]
    return (
        sections.incidents(basis),
        Section("affected", "How many persons", (Text(counted, "note"), _in_all(basis, opened))),
        Section("each", "Each incident", tuple(each)),
        Section("worksheet", "Assessment", (_SHEET,)),
    )


def _in_all(basis: Basis, opened: Sequence[Sequence[Cell]]) -> Fields:
    """GDPR Art. 33(3)(a): the approximate number of data subjects, and of records, concerned."""
    found = [basis.affected[str(row[0])] for row in opened if str(row[0]) in basis.affected]
    persons = frozenset[str]().union(*(one.persons for one in found))
    return Fields(
        (
            ("Incidents", len(opened)),
            ("Persons named, each once", len(persons)),
            ("Records of what was sent", sum(one.records for one in found)),
            ("Of these naming nobody", sum(one.unnamed for one in found)),
            ("Of these with a deleted detail", sum(one.deleted for one in found)),
            ("Incidents that name nobody", sum(not one.persons for one in found)),
            ("Incidents of which no such record is at hand", sum(not one.records for one in found)),
            ("Incidents that were not looked up", len(opened) - len(found)),
        )
    )


def _incident(row: Sequence[Cell], basis: Basis) -> Fields:
    found = basis.affected.get(str(row[0]))
    return Fields(
        (
            ("Incident", row[0]),
            ("Seen at", row[1]),
            ("72 hours end", row[7]),
            ("60 days end", row[8]),
            ("Recipient", f"{row[2]} in {row[3]}"),
            ("Data", f"{row[4]}; {row[5]}"),
            *_whom(found),
            ("Closed", "not yet" if row[9] == "none" else row[9]),
            ("As", row[10]),
        )
    )


def _whom(found: Affected | None) -> tuple[tuple[str, Cell], ...]:
    if found is None:
        return (("Persons named", "not looked up: more incidents than are looked up"),)
    if not found.records:
        return (("Persons named", "not known: no record of what was sent is at hand"),)
    return (
        ("Persons named", len(found.persons)),
        ("Pseudonyms", ", ".join(found.subjects) or "none"),
        ("Records of what was sent", found.records),
        ("Of these naming nobody", found.unnamed),
        ("Of these with a deleted detail", found.deleted),
    )
