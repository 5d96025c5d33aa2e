"""What must stand in each kind of report on a generated year: the account of `year_account`, continued."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks import year_account as account
from benchmarks.year_account import Known, Row
from benchmarks.year_register import PROCESSORS, processor
from benchmarks.year_said import Part, Said, fields, numbers, streams, table, text, warning

Account = Callable[[Known, str], tuple[Part, ...]]


def _of(*sections: Callable[[Known], Part] | str) -> Account:
    """A kind that is made of sections alone. A name: a section for people to fill in."""

    def made(known: Known, _: str) -> tuple[Part, ...]:
        return tuple(Part(one, ()) if isinstance(one, str) else one(known) for one in sections)

    return made


def processing(known: Known) -> Part:
    told = [
        (purpose, basis, name, recipient, zone, *_party(party), times)
        for purpose, basis, name, recipient, zone, party, times in known.figures["flows"]["processing"]
    ]
    heads = ("Purpose", "Legal basis", "Data class", "Recipient", "Zone", "Processor", "Country", "Safeguard")
    return Part("processing", (table("Processing by purpose", (*heads, "Messages"), told),))


def _party(name: str) -> tuple[str, str, str]:
    found = processor(name)
    return found.legal_name, found.country, found.safeguard


def declared(known: Known) -> Part:
    """The register against traffic."""
    heads = ("Id", "Legal name", "Address", "Country", "Agreement", "Valid until", "Classes")
    rows = [
        (name, *one[:4], one.valid_until or "-", ", ".join(one.classes)) for name, one in sorted(PROCESSORS.items())
    ]
    seen = {row[5] for row in known.figures["flows"]["processing"] if row[5] != "none"}
    return Part(
        "declared",
        (
            table("Register of processors", heads, rows),
            table("In traffic, not in the register", ("Processor",), [(one,) for one in sorted(seen - {*PROCESSORS})]),
            table("In the register, not in traffic", ("Processor",), [(one,) for one in sorted({*PROCESSORS} - seen)]),
        ),
    )


def transfers(known: Known) -> Part:
    rows: list[Row] = []
    where: Counter[tuple[str, str]] = Counter()
    for recipient, zone, region, name, data, first, times, last in known.figures["flows"]["recipients"]:
        party = processor(name)
        rows.append((recipient, zone, region, party.country, party.safeguard, data, first, times, last))
        where[data, party.country if name in PROCESSORS else region] += times
    heads = ("Recipient", "Zone", "Region", "Country", "Mechanism", "Data", "First", "Messages", "Last")
    flowing = [(*place, times) for place, times in where.items()]
    return Part("transfers", (streams("Where data went", flowing), table("Transfers by recipient", heads, rows)))


# ----------------------------------------------------------------------------------------------------------- incidents

CLOCKS = (
    "The clocks run from when the gateway saw it; the law counts from when somebody became aware (72 hours, GDPR Art. "
    "33) or discovered it (60 days, 45 CFR 164.404), which may be earlier and is for people to state."
)


def breach(known: Known, _: str) -> tuple[Part, ...]:
    opened, about = known.figures["incidents"]["opened"], known.figures["affected"]
    found = [about[row[0]] for row in opened if row[0] in about]
    persons = {name for one in found for name in one["persons"]}
    in_all = fields(
        ("Incidents", len(opened)),
        ("Persons named, each once", len(persons)),
        ("Records of what was sent", sum(one["records"] for one in found)),
        ("Of these naming nobody", sum(one["unnamed"] for one in found)),
        ("Of these with a deleted detail", sum(one["deleted"] for one in found)),
        ("Incidents that name nobody", len([one for one in found if not one["persons"]])),
        ("Incidents of which no such record is at hand", len([one for one in found if one["records"] == 0])),
        ("Incidents that were not looked up", len(opened) - len(found)),
    )
    each = [fields(*_incident(row), *_whom(about.get(row[0])), *_end(row)) for row in opened]
    return (
        account.incidents(known),
        Part("affected", (in_all,)),
        Part("each", (warning(CLOCKS), *each)),
        Part("worksheet", ()),
    )


def _incident(row: Row) -> Sequence[tuple[str, str | int]]:
    incident, seen, agent, zone, classes, findings, _, hours, days, *_ = row
    return (
        ("Incident", incident),
        ("Seen at", seen),
        ("72 hours end", hours),
        ("60 days end", days),
        ("Recipient", f"{agent} in {zone}"),
        ("Data", f"{classes}; {findings}"),
    )


def _whom(one: Mapping[str, Any] | None) -> Sequence[tuple[str, str | int]]:
    if one is None:
        return (("Persons named", "not looked up: more incidents than are looked up"),)
    if not one["records"]:
        return (("Persons named", "not known: no record of what was sent is at hand"),)
    return (
        ("Persons named", len(one["persons"])),
        ("Pseudonyms", ", ".join(one["subjects"]) or "none"),
        ("Records of what was sent", one["records"]),
        ("Of these naming nobody", one["unnamed"]),
        ("Of these with a deleted detail", one["deleted"]),
    )


def _end(row: Row) -> Sequence[tuple[str, str | int]]:
    return (("Closed", row[9] if row[9] != "none" else "not yet"), ("As", row[10]))


# -------------------------------------------------------------------------------------------------- framework, persons


def framework(known: Known, name: str) -> tuple[Part, ...]:
    found = [one for one in known.figures["provisions"] if one["framework"] == name]
    heads = ("Provision", "Subject", "Evidence", "Records", "Why not, or not all")
    rows = [(one["id"], one["title"], one["state"], one["records"], "; ".join(one["reasons"])) for one in found]
    overview = Part("overview", (table("Provisions", heads, rows),))
    each = [Part(f"provision-{place}", tuple(_provision(one))) for place, one in enumerate(found)]
    shown = dict.fromkeys(section for one in found for section in one["sections"])
    return (overview, *each, *(SECTIONS[section](known) for section in shown))


STATES = {"in part": "In part: ", "not evidenced": "Not evidenced: "}


def _provision(one: Mapping[str, Any]) -> Sequence[Said]:
    said = [text(*numbers(one["text"]))] if numbers(one["text"]) else []
    if one["state"] != "supported":
        said.append(warning(STATES[one["state"]] + "; ".join(one["reasons"]) + "."))
    if one["rows"]:
        said.append(table(f"Records for {one['id']}", one["columns"], one["rows"], one["left_out"]))
    if one["needs"]:
        said.append(table("Fields that are needed", ("Field", "Records that hold it"), one["needs"]))
    return said


def _person(known: Known, name: str) -> tuple[Mapping[str, Any], Said]:
    told = known.figures["persons"][name]
    names = ", ".join(told["pseudonyms"])
    return told, fields(("Pseudonyms", names), ("Records about this person in the period", told["records"]))


def disclosures(known: Known, name: str) -> tuple[Part, ...]:
    told, head = _person(known, name)
    rows: list[Row] = []
    for recipient, zone, party, purpose, classes, first, times, last in told["disclosures"]["told"]:
        to = processor(party)
        rows.append((first, times, last, recipient, to.legal_name, to.address, zone, classes, purpose))
    left_out = told["disclosures"]["left_out"]
    heads = ("First", "Times", "Last", "Recipient", "Received by", "Address", "Zone", "What was disclosed", "Purpose")
    law = (45, 164, 528, 1), (164, 528, 3)
    blocks = (
        head,
        text(*law[0], sum(row[1] for row in left_out), *law[1]),
        table("Accounting of disclosures", heads, rows),
        table("Excluded", ("Purpose", "Disclosures"), left_out),
    )
    return (Part("disclosures", blocks),)


def _receipt(events: frozenset[str], other: str) -> Account:
    """`events`: the steps that it is about; `other`: a table that belongs to the other receipt."""

    def made(known: Known, name: str) -> tuple[Part, ...]:
        told, head = _person(known, name)
        steps, cases = ([row for row in told["subjects"][of] if events & {*row[:2]}] for of in ("steps", "cases"))
        none = () if cases else (warning("No such step is on record in the period."),)
        return (
            Part("subject", (head, *none)),
            account.subjects({**told["subjects"], "steps": steps, "cases": cases, other: []}),
        )

    return made


# ------------------------------------------------------------------------------------------------------------ together

SECTIONS: Mapping[str, Callable[[Known], Part]] = {
    "coverage": account.coverage,
    "flows": account.flows,
    "decisions": account.decisions,
    "minimum": account.minimum,
    "approvals": account.approvals,
    "callers": account.callers,
    "trail": account.trail,
    "policies": account.policies,
    "subjects": lambda known: account.subjects(known.figures["subjects"]),
    "keeping": account.keeping,
    "incidents": account.incidents,
}
_ALL = (
    "flows",
    "decisions",
    "minimum",
    "approvals",
    "callers",
    "trail",
    "policies",
    "subjects",
    "keeping",
    "incidents",
)
_REVIEWED = ("callers", "decisions", "trail", "incidents", "policies")
_ASSESSED = ("flows", "minimum", "decisions", "keeping", "incidents")
ERASURE = frozenset({"subject.erasure", "subject.erasure-refused", "subject.erased"})
TITLES = {
    "period": "Report of a period",
    "activity-review": "Review of activity",
    "disclosures": "Accounting of disclosures",
    "processing": "Records of processing activities",
    "transfers": "Transfer log",
    "breach": "Breach pack",
    "access-receipt": "Receipt of access",
    "erasure-receipt": "Receipt of erasure",
    "dpia": "Inputs to an impact assessment",
    "policy-history": "History of the policy",
}
OWN: Mapping[str, Account] = {
    "period": _of(*(SECTIONS[name] for name in _ALL)),
    "framework": framework,
    "activity-review": _of(*(SECTIONS[name] for name in _REVIEWED), "sign-off"),
    "disclosures": disclosures,
    "processing": _of(processing, declared, account.keeping),
    "transfers": _of(transfers),
    "access-receipt": _receipt(frozenset({"subject.access"}), "erased"),
    "erasure-receipt": _receipt(ERASURE, "elsewhere"),
    "breach": breach,
    "dpia": _of(*(SECTIONS[name] for name in _ASSESSED), "people"),
    "policy-history": _of(account.policies, account.decisions),
}
"""Kind → its own sections."""
