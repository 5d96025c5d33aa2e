"""What each kind of report of a generated year must be, by the truth and the register made up for it."""

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from benchmarks import year_sections as sections
from benchmarks.year_counts import most
from benchmarks.year_provisions import files
from benchmarks.year_register import AROUND, around
from benchmarks.year_sections import Truth
from benchmarks.year_versions import added, declared
from benchmarks.year_written import NUMBER, Part, Prose, Report, Sheet, Wanted, shown, table
from gateway.evidence.reports.document import Fields, Table, Text

MOST_LOOKED_UP = 1_000
"""Incidents of which it is looked up whom they affect."""


def about(truth: Truth) -> Part:
    first, end = truth["coverage"]["first"], truth["coverage"]["last"] + 1
    beside = around(truth)
    numbers = [shown(first), shown(end - 1), *NUMBER.findall(beside.ledger), str(first), str(end)]
    apart = truth["coverage"]["emergencies"] or beside.away is not None
    holds = [
        beside.ledger,
        f"--first {first} --end {end} --out bundle.zip)",
        *(["Beside them it tells of emergency ledgers"] if apart else []),
    ]
    parts = (Prose("This report supports evidence"), Prose("It was made from records", numbers, "plain", holds))
    return Part("about", "About this report", parts)


def period(truth: Truth) -> list[Part]:
    return [one(truth) for name, one in sections.EACH.items() if name != "transfers"]


def review(truth: Truth) -> list[Part]:
    own = [sections.EACH[name](truth) for name in ("callers", "decisions", "trail", "incidents", "policies")]
    sign = (Prose("Whoever has reviewed this puts that on record"), Sheet("To be filled in by the reviewer", 6))
    return [*own, Part("sign-off", "Review and sign-off", sign)]


def access_review(truth: Truth) -> list[Part]:
    sign = (Prose("Whoever has reviewed this puts that on record"), Sheet("To be filled in by the reviewer", 7))
    return [
        sections.standing(truth),
        sections.callers(truth),
        Part("reviews", "Reviews before", (sections.sign_offs(truth),)),
        Part("sign-off", "Review and sign-off", sign),
    ]


def history(truth: Truth) -> list[Part]:
    return [sections.versions(truth), sections.policies(truth), sections.decisions(truth)]


def impact(truth: Truth) -> list[Part]:
    own = [sections.EACH[name](truth) for name in ("flows", "minimum", "decisions", "keeping", "incidents")]
    return [*own, Part("people", "For people to write", (Sheet("For the assessment (GDPR Art. 35(7))", 4),))]


def processing(truth: Truth) -> list[Part]:
    traffic = truth["flows"]["processing"]
    found = Counter[tuple[str, ...]]()
    for *key, name, version, times in traffic:
        one = declared(version, name)
        found[*key, one.legal_name, one.country, one.safeguard] += times
    columns = "Purpose | Legal basis | Data class | Recipient | Zone | Processor | Country | Safeguard | Messages"
    return [
        Part(
            "processing",
            "Processing, from traffic",
            (
                Prose("Purposes, classes and recipients", (), "note"),
                table("Processing by purpose", columns, most(found)),
            ),
        ),
        sections.processors(truth),
        sections.keeping(truth),
    ]


def transfers(truth: Truth) -> list[Part]:
    return [sections.transfers(truth)]


def breach(truth: Truth) -> list[Part]:
    opened, affected = truth["incidents"]["opened"], truth["affected"]
    found = [affected[row[0]] for row in opened[:MOST_LOOKED_UP]]
    in_all = Fields(
        (
            ("Incidents", len(opened)),
            ("Persons named, each once", len({name for one in found for name in one["persons"]})),
            ("Records of what was sent", sum(one["records"] for one in found)),
            ("Of these naming nobody", sum(one["unnamed"] for one in found)),
            ("Of these with a deleted detail", sum(one["deleted"] for one in found)),
            ("Incidents that name nobody", len([one for one in found if not one["persons"]])),
            ("Incidents of which no such record is at hand", len([one for one in found if not one["records"]])),
            ("Incidents that were not looked up", max(len(opened) - MOST_LOOKED_UP, 0)),
        )
    )
    clocks = Prose("The clocks run from when", ("72", "33", "60", "45", "164.404"), "warning")
    each: list[Wanted] = [clocks, *(_incident(row, affected.get(row[0])) for row in opened)]
    sheet = Sheet("Four-factor assessment (45 CFR 164.402(2)), for each incident", 7)
    return [
        sections.incidents(truth),
        Part("affected", "How many persons", (Prose("Persons are those that callers named", (), "note"), in_all)),
        Part("each", "Each incident", each),
        Part("worksheet", "Assessment", (sheet,)),
    ]


def _incident(row: list[Any], one: Mapping[str, Any] | None) -> Fields:
    name, at, agent, zone, classes, findings, _, hours, days, closed, as_what, _ = row
    persons: tuple[tuple[str, str | int], ...] = (
        ("Persons named", "not looked up: more incidents than are looked up"),
    )
    if one is not None and one["records"] == 0:
        persons = (("Persons named", "not known: no record of what was sent is at hand"),)
    elif one is not None:
        persons = (
            ("Persons named", len(one["persons"])),
            ("Pseudonyms", ", ".join(one["subjects"]) if one["subjects"] else "none"),
            ("Records of what was sent", one["records"]),
            ("Of these naming nobody", one["unnamed"]),
            ("Of these with a deleted detail", one["deleted"]),
        )
    return Fields(
        (
            ("Incident", name),
            ("Seen at", at),
            ("72 hours end", hours),
            ("60 days end", days),
            ("Recipient", f"{agent} in {zone}"),
            ("Data", f"{classes}; {findings}"),
            *persons,
            ("Closed", closed if closed != "none" else "not yet"),
            ("As", as_what),
        )
    )


# ------------------------------------------------------------------------------------------------------ of one person


def disclosures(person: Truth) -> list[Part]:
    told = person["disclosures"]
    sent = []
    for agent, zone, name, purpose, classes, version, *span in told["told"]:
        one = declared(version, name)
        sent.append(((agent, one.legal_name, one.address, zone, classes, purpose), *span))
    rows = [(*one[6:], *one[:6]) for one in added(sent)]
    excluded = shown(sum(times for _, times in told["left_out"]))
    law = Prose("Disclosures for treatment", ("45", "164.528", "1", excluded, "164.528", "3"))
    columns = "First | Times | Last | Recipient | Received by | Address | Zone | What was disclosed | Purpose"
    blocks = (
        _person(person),
        law,
        table("Accounting of disclosures", columns, rows),
        table("Excluded", "Purpose | Disclosures", told["left_out"]),
    )
    return [Part("disclosures", "Disclosures", blocks)]


def access(person: Truth) -> list[Part]:
    return _receipt(person, ("subject.access",), erased=[])


def erasure(person: Truth) -> list[Part]:
    return _receipt(person, ("subject.erasure", "subject.erasure-refused", "subject.erased"), elsewhere=[])


def _receipt(person: Truth, events: tuple[str, ...], **without: list[Any]) -> list[Part]:
    told = person["subjects"]
    steps = [row for row in told["steps"] if row[0] in events]
    cases = [row for row in told["cases"] if row[1] in events]
    what = "access" if "subject.access" in events else "erasure"
    requests = [row for row in told["requests"] if row[1] == what]
    none = () if cases else (Prose("No such step is on record in the period.", (), "warning"),)
    shown_steps = sections.subject_steps(
        person, {**told, "requests": requests, "steps": steps, "cases": cases, **without}
    )
    return [Part("subject", "About", (_person(person), *none)), shown_steps]


def _person(person: Truth) -> Fields:
    names = ", ".join(person["pseudonyms"])
    return Fields((("Pseudonyms", names), ("Records about this person in the period", person["records"])))


# --------------------------------------------------------------------------------------------------- of one framework


def framework(truth: Truth, name: str) -> list[Part]:
    found = [one for one in truth["provisions"] if one["framework"] == name]
    rows = [(one["id"], one["state"], "; ".join(one["reasons"]), one["records"], one["title"]) for one in found]
    columns = "Provision | Evidence | Why not, or not all | Records | Subject"
    said = [Prose("Not every detail was opened for this report", (), "warning")] if truth.get(sections.CLOSED) else []
    overview: list[Wanted] = [Prose("“Supported” means that records"), *said, table("Provisions", columns, rows)]
    asked = dict.fromkeys(section for one in found for section in one["sections"])
    return [
        Part("overview", "Overview", overview),
        *(
            _provision(place, one, "not opened" if truth.get(sections.CLOSED) else "deleted")
            for place, one in enumerate(found)
        ),
        *(sections.EACH[section](truth) for section in asked),
    ]


def _provision(place: int, one: Mapping[str, Any], gone: str) -> Part:
    blocks: list[Wanted] = [Text(one["text"])]
    if one["state"] != "supported":
        said = {"in part": "In part", "not evidenced": "Not evidenced"}[one["state"]]
        blocks.append(Text(": ".join([said, *filter(None, ["; ".join(one["reasons"])])]) + ".", "warning"))
    if one["before"]:
        blocks.append(Prose(f"{shown(one['before'])} of the records lie before", [shown(one["before"])], "note"))
    if one["rows"]:
        rows = tuple(tuple(row) for row in one["rows"])
        named = Table(f"Records for {one['id']}", tuple(one["columns"]), rows, left_out=one["left_out"])
        blocks.append(named)
    if one["needs"]:
        columns = f"Need | Asked of | Held by | Share | Detail {gone}"
        needs = [(need, asked, held, _share(held, asked), closed) for need, asked, held, closed in one["needs"]]
        blocks.append(table("Fields that are needed", columns, needs))
    return Part(f"provision-{place}", f"{one['id']} · {one['title']}", blocks)


def _share(held: int, asked: int) -> str:
    """Two digits of a percentage, those that come after them left out."""
    whole, hundredths = divmod(100 * 100 * held // asked, 100) if asked else (0, 0)
    return f"{whole}.{hundredths:02} %" if asked else "nothing to take it of"


# ------------------------------------------------------------------------------------------------------------- in all

WHOLE: Mapping[str, tuple[str, str, Callable[[Truth], list[Part]]]] = {
    "period": ("Report of a period", "Everything that was recorded, at a glance.", period),
    "activity-review": (
        "Review of activity",
        "Who did what, for a person to review and sign (45 CFR 164.308(a)(1)(ii)(D)).",
        review,
    ),
    "access-review": (
        "Review of access",
        "Who held which key and role, for a person to review and sign (45 CFR 164.308(a)(3)-(4)).",
        access_review,
    ),
    "processing": (
        "Records of processing activities",
        "Made from traffic, against what is declared (GDPR Art. 30).",
        processing,
    ),
    "transfers": (
        "Transfer log",
        "Where data went, and by which mechanism (GDPR Art. 44 to 49).",
        transfers,
    ),
    "breach": (
        "Breach pack",
        "Who was affected, by what and when, with the clocks (GDPR Art. 33, 34; 45 CFR 164.402 to 410).",
        breach,
    ),
    "dpia": (
        "Inputs to an impact assessment",
        "Flows, classes, volumes and risks, as recorded (GDPR Art. 35).",
        impact,
    ),
    "policy-history": (
        "History of the policy",
        "Versions with their dates and who approved them (45 CFR 164.316(b)(2)(i)).",
        history,
    ),
}
"""Kind → title, subtitle and sections, of those that are about everybody."""
OF_PERSONS: Mapping[str, tuple[str, str, Callable[[Truth], list[Part]]]] = {
    "disclosures": (
        "Accounting of disclosures",
        "What was disclosed about one person (45 CFR 164.528).",
        disclosures,
    ),
    "access-receipt": (
        "Receipt of access",
        "What was done with a request of a data subject (GDPR Art. 15).",
        access,
    ),
    "erasure-receipt": (
        "Receipt of erasure",
        "What was destroyed of a data subject, or why it was not (GDPR Art. 17).",
        erasure,
    ),
}


@cache
def frameworks() -> Sequence[tuple[str, str, str]]:
    """Id, title and text of each, as its file says, which is read once."""
    read = (tomllib.loads(text.decode()) for text in files().values())
    return tuple((one["id"], one["title"], one["text"]) for one in read)


def wanted(truth: Truth) -> dict[tuple[str, str], Report]:
    """Every report, by its kind and the person or framework that it is of (else nothing)."""
    found: dict[tuple[str, str], Report] = {}
    for kind, (title, subtitle, parts) in WHOLE.items():
        found[kind, ""] = _report(truth, kind, title, subtitle, parts(truth))
    for name, person in truth["persons"].items():
        for kind, (title, subtitle, parts) in OF_PERSONS.items():
            found[kind, name] = _report(truth, kind, title, subtitle, parts({**person, "coverage": truth["coverage"]}))
    for name, title, text in frameworks():
        parts_of = framework(truth, name)
        found["framework", name] = _report(truth, "framework", f"Evidence by provision: {title}", text, parts_of)
    return found


CARRIED = ("period", "activity-review", "access-review", "processing", "transfers", "dpia", "policy-history")
"""The kinds that a bundle carries, besides its frameworks."""


def carried(truth: Truth) -> dict[tuple[str, str], Report]:
    """Those that a bundle carries whose details are not opened: it holds no archive, and what others have said of its
    records lies in it as it is. `truth`: of a year that is told without details."""
    found = wanted({**truth, sections.CARRIED: True, sections.CLOSED: True})
    return {key: one for key, one in found.items() if key[0] == "framework" or key[0] in CARRIED}


def bundled(truth: Truth, own: Truth) -> dict[tuple[str, str], Report]:
    """Those that a bundle carries which the product has made: of everybody, and of what it is about. `own`: of a data
    subject the `person`, of an incident what is told of it in the place of all (`incidents`, `affected`)."""
    found = {kind: (WHOLE[kind], truth) for kind in CARRIED}
    if "person" in own:
        person = {**own["person"], **{key: truth[key] for key in ("coverage", sections.CARRIED, AROUND)}}
        person |= {key: truth[key] for key in (sections.CLOSED,) if key in truth}
        found |= {kind: (one, person) for kind, one in OF_PERSONS.items()}
    elif own:
        found["breach"] = (WHOLE["breach"], {**truth, **own})
    reports = {(kind, ""): _report(told, kind, *one[:2], one[2](told)) for kind, (one, told) in found.items()}
    for name, title, text in frameworks():
        parts_of = framework(truth, name)
        reports["framework", name] = _report(truth, "framework", f"Evidence by provision: {title}", text, parts_of)
    return reports


def _report(truth: Truth, kind: str, title: str, subtitle: str, own: list[Part]) -> Report:
    """With what each begins, and its coverage at the end, where it is not a part of it anyway."""
    covered = [] if any(part.id == "coverage" for part in own) else [sections.coverage(truth)]
    return Report(kind, title, subtitle, [about(truth), *own, *covered])
