"""The kinds of reports, each with what composes it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec

from gateway.evidence.reports import breach, sections, standing
from gateway.evidence.reports.basis import Basis, percent, table
from gateway.evidence.reports.document import Block, Cell, Document, Fields, Form, Section, Text
from gateway.evidence.reports.processors import processors
from gateway.evidence.reports.transfers import transfers
from gateway.evidence.reports.versions import together

STANDS = (
    "This report supports evidence for what its sections name. It does not say that anybody complies with a law or a "
    "standard: that is for people to judge."
)

_UNOPENED = (
    "Not every detail was opened for this report: a field of the detail that a record is not said to hold may be there "
    "all the same. A report of the ledger itself tells."
)


_APART = " Beside them it tells of emergency ledgers, which the coverage names."

NOT_OVER = "The period is not over: told is what was on record when this was made, {until}, and as it stood then."
BEFORE = (
    "lie before the period, and are told after its own: what they put in force, or opened, still stood at its start."
)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind: what it is called, what it is for, and what composes its own sections."""

    title: str
    subtitle: str
    compose: Callable[[Basis], tuple[Section, ...]]
    subject: bool = False
    """Whether it is about one data subject."""
    standing: bool = False
    """Whether it tells what stood when the period began, and so needs what was recorded before it."""


def document(kind: str, basis: Basis) -> Document:
    """The report of one kind. Each says first what it is and how to check it, and at the end its coverage."""
    made = KINDS[kind]
    own = made.compose(basis)
    covered = () if any(section.id == "coverage" for section in own) else (sections.coverage(basis),)
    title = made.title if kind != "framework" else f"Evidence by provision: {basis.framework[1]}"
    return Document(
        kind=kind,
        title=title,
        subtitle=made.subtitle if kind != "framework" else basis.framework[2],
        ledger=basis.ledger,
        since=basis.since,
        until=basis.until,
        first=basis.first,
        end=basis.end,
        created=basis.created,
        generator=basis.generator,
        sections=(_about(basis), *own, *covered),
    )


def _about(basis: Basis) -> Section:
    return Section(
        "about",
        "About this report",
        (
            Text(STANDS),
            Text(
                f"It was made from records {basis.first:,} to {basis.end - 1:,} of the ledger {basis.ledger}, those "
                "written in the period, and from nothing else but the policy versions in force, where that is said. To "
                f"check it, export them (gateway evidence export --first {basis.first} --end {basis.end} --out "
                "bundle.zip), verify the bundle with the ledger's public key, and make the report again."
                + (_APART if basis.emergencies else "")
                if basis.end > basis.first
                else f"No record of the ledger {basis.ledger} was written in the period."
            ),
            *((Text(NOT_OVER.format(until=basis.created), "warning"),) if basis.until > basis.created else ()),
        ),
    )


def _period(basis: Basis) -> tuple[Section, ...]:
    # Recipients are told of with what went where: transfers would tell of the same messages once more.
    shown = (name for name in sections.SECTIONS if name not in ("coverage", "transfers"))
    return tuple(sections.SECTIONS[name](basis) for name in (*shown, "coverage"))


def _review(basis: Basis) -> tuple[Section, ...]:
    sign = _sign_off(
        "gateway audit sign-off, or POST /audit/sign-offs, with the digest of this file",
        Form(
            "To be filled in by the reviewer",
            ("Reviewer", "Role", "Date", "What was looked at beyond this report", "Findings", "Disposition"),
            "I have reviewed the activity of the period above; what I found and what is to be done stands here.",
        ),
    )
    shown = ("callers", "decisions", "trail", "incidents", "policies")
    return (*(sections.SECTIONS[name](basis) for name in shown), sign)


def _access(basis: Basis) -> tuple[Section, ...]:
    sign = _sign_off(
        "gateway audit sign-off --kind access-review, or POST /audit/sign-offs with this kind, and the digest of this "
        "file",
        Form(
            "To be filled in by the reviewer",
            (
                *("Reviewer", "Role", "Date", "Keys and roles to be taken away or changed, and by when"),
                *("Roles at issuers of tokens, and where they were looked at", "Findings", "Disposition"),
            ),
            "I have reviewed who has access as told above: what is right stays, what is not is named here.",
        ),
    )
    reviews = Section("reviews", "Reviews before", (sections.sign_offs(basis),))
    return (sections.SECTIONS["standing"](basis), sections.callers(basis), reviews, sign)


def _sign_off(how: str, form: Form) -> Section:
    return Section(
        "sign-off",
        "Review and sign-off",
        (
            Text(
                f"Whoever has reviewed this puts that on record: {how}. The next review tells of it, under “Reviews "
                "signed off” above. The lines below are for a signature on paper beside it."
            ),
            form,
        ),
    )


def _policy(basis: Basis) -> tuple[Section, ...]:
    return (
        Section("standing", "What was in force", (*standing.known(basis), *standing.versions(basis))),
        sections.policies(basis),
        sections.decisions(basis),
    )


def _processing(basis: Basis) -> tuple[Section, ...]:
    found = Counter[tuple[str, ...]]()
    for *key, processor, version, times in basis.figures["flows"]["processing"]:
        party = basis.declared.of(version).party(processor)
        found[*key, party.legal_name, party.country, party.safeguard] += times
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    rows: list[tuple[Cell, ...]] = [(*key, times) for key, times in ordered]
    own = Section(
        "processing",
        "Processing, from traffic",
        (
            Text(
                "Purposes, classes and recipients are what was recorded; names, countries and safeguards are what the "
                "policy version said that each message was decided under. Purposes beyond the gateway, the "
                "controller's contact and envisaged times of erasure outside of it are not on record and are added "
                "by the controller.",
                "note",
            ),
            table(
                "Processing by purpose",
                (
                    *("Purpose", "Legal basis", "Data class", "Recipient", "Zone"),
                    *("Processor", "Country", "Safeguard", "Messages"),
                ),
                rows,
            ),
        ),
    )
    return (own, processors(basis), sections.keeping(basis))


def _transfers(basis: Basis) -> tuple[Section, ...]:
    return (transfers(basis),)


def _dpia(basis: Basis) -> tuple[Section, ...]:
    measures = Form(
        "For the assessment (GDPR Art. 35(7))",
        (
            "Necessity and proportionality",
            "Risks to rights and freedoms",
            "Measures envisaged",
            "Advice of the officer",
        ),
    )
    shown = ("flows", "minimum", "decisions", "keeping", "incidents")
    return (*(sections.SECTIONS[name](basis) for name in shown), Section("people", "For people to write", (measures,)))


def _framework(basis: Basis) -> tuple[Section, ...]:
    found = [one for one in basis.figures["provisions"] if one["framework"] == basis.framework[0]]
    overview = Section(
        "overview",
        "Overview",
        (
            Text(
                "“Supported” means that records of what is asked for are there, each with the fields that it is asked "
                "for, and no more than that."
            ),
            *(() if basis.opened else (Text(_UNOPENED, "warning"),)),
            table(
                "Provisions",
                ("Provision", "Evidence", "Why not, or not all", "Records", "Subject"),
                [(one["id"], one["state"], "; ".join(one["reasons"]), one["records"], one["title"]) for one in found],
            ),
        ),
    )
    names = dict.fromkeys(name for one in found for name in one["sections"])
    shown = tuple(sections.SECTIONS[name](basis) for name in names)
    each = tuple(_provision(place, one, basis) for place, one in enumerate(found))
    return (overview, *each, *shown)


def _provision(place: int, one: Mapping[str, object], basis: Basis) -> Section:
    reasons = one["reasons"] if isinstance(one["reasons"], list) else []
    blocks: list[Block] = [Text(str(one["text"]))]
    state = str(one["state"])
    if state != "supported":
        why = "; ".join(map(str, reasons))
        blocks.append(Text(f"{state[0].upper()}{state[1:]}{': ' + why if why else ''}.", "warning"))
    columns = one["columns"] if isinstance(one["columns"], list) else []
    rows = one["rows"] if isinstance(one["rows"], list) else []
    left_out = one["left_out"] if isinstance(one["left_out"], int) else 0
    shown = table(f"Records for {one['id']}", tuple(str(name) for name in columns), rows)
    if one["before"]:
        blocks.append(Text(f"{one['before']:,} of the records {BEFORE}", "note"))
    if rows:
        blocks.append(msgspec.structs.replace(shown, left_out=left_out))
    needs = one["needs"] if isinstance(one["needs"], list) else []
    if needs:
        blocks.append(_needs(needs, "Detail deleted" if basis.opened else "Detail not opened"))
    return Section(f"provision-{place}", f"{one['id']} · {one['title']}", tuple(blocks))


def _needs(needs: Iterable[tuple[str, int, int, int]], closed: str) -> Block:
    """A share is rounded down, so that 100 % is all of them."""
    return table(
        "Fields that are needed",
        ("Need", "Asked of", "Held by", "Share", closed),
        [
            (need, asked, held, percent(10_000 * held // asked if asked else None), gone)
            for need, asked, held, gone in needs
        ],
    )


def _about_subject(basis: Basis) -> Block:
    return Fields(
        (
            ("Pseudonyms", ", ".join(basis.subject["pseudonyms"])),
            ("Records about this person in the period", basis.subject["records"]),
        )
    )


def _disclosures(basis: Basis) -> tuple[Section, ...]:
    told = basis.subject["disclosures"]
    sent: list[tuple[tuple[str, ...], str, int, str]] = []
    for agent, zone, processor, purpose, classes, version, first, times, last in told["told"]:
        party = basis.declared.of(version).party(processor)
        sent.append(((agent, party.legal_name, party.address, zone, classes, purpose), first, times, last))
    accounted: list[tuple[Cell, ...]] = [(first, times, last, *key) for key, first, times, last in together(sent)]
    excluded = sum(row[1] for row in told["left_out"])
    return (
        Section(
            "disclosures",
            "Disclosures",
            (
                _about_subject(basis),
                Text(
                    "Disclosures for treatment, payment and health care operations need not be accounted for (45 CFR "
                    f"164.528(a)(1)(i)): there were {excluded:,}, which are not listed. Repeats to one recipient for "
                    "one purpose are told as the first, how many and the last (164.528(b)(3)). Name and address of who "
                    "received them are those of the policy version that each was decided under. What was sent before "
                    "the person's data was erased is not listed: which records were about them was erased with it."
                ),
                table(
                    "Accounting of disclosures",
                    (
                        *("First", "Times", "Last", "Recipient", "Received by", "Address"),
                        *("Zone", "What was disclosed", "Purpose"),
                    ),
                    accounted,
                ),
                table("Excluded", ("Purpose", "Disclosures"), told["left_out"]),
            ),
        ),
    )


def _receipt(event: str, what: str) -> Callable[[Basis], tuple[Section, ...]]:
    def compose(basis: Basis) -> tuple[Section, ...]:
        told = dict(basis.subject["subjects"])
        told["cases"] = [row for row in told["cases"] if str(row[1]).startswith(event)]
        told["steps"] = [row for row in told["steps"] if str(row[0]).startswith(event)]
        told["requests"] = [row for row in told["requests"] if row[1] == what]
        if event == "subject.access":
            told["erased"] = []
        else:
            told["elsewhere"] = []
        steps = sections.subject_steps(basis, told)
        none = () if told["cases"] else (Text("No such step is on record in the period.", "warning"),)
        return (Section("subject", "About", (_about_subject(basis), *none)), steps)

    return compose


KINDS: Mapping[str, Kind] = {
    "period": Kind(
        title="Report of a period",
        subtitle="Everything that was recorded, at a glance.",
        compose=_period,
        standing=True,
    ),
    "framework": Kind(title="Evidence by provision", subtitle="", compose=_framework, standing=True),
    "activity-review": Kind(
        title="Review of activity",
        subtitle="Who did what, for a person to review and sign (45 CFR 164.308(a)(1)(ii)(D)).",
        compose=_review,
        standing=True,
    ),
    "access-review": Kind(
        title="Review of access",
        subtitle="Who held which key and role, for a person to review and sign (45 CFR 164.308(a)(3)-(4)).",
        compose=_access,
        standing=True,
    ),
    "disclosures": Kind(
        title="Accounting of disclosures",
        subtitle="What was disclosed about one person (45 CFR 164.528).",
        compose=_disclosures,
        subject=True,
    ),
    "processing": Kind(
        title="Records of processing activities",
        subtitle="Made from traffic, against what is declared (GDPR Art. 30).",
        compose=_processing,
        standing=True,
    ),
    "transfers": Kind(
        title="Transfer log",
        subtitle="Where data went, and by which mechanism (GDPR Art. 44 to 49).",
        compose=_transfers,
        standing=True,
    ),
    "breach": Kind(
        title="Breach pack",
        subtitle="Who was affected, by what and when, with the clocks (GDPR Art. 33, 34; 45 CFR 164.402 to 410).",
        compose=breach.compose,
        standing=True,
    ),
    "access-receipt": Kind(
        title="Receipt of access",
        subtitle="What was done with a request of a data subject (GDPR Art. 15).",
        compose=_receipt("subject.access", "access"),
        subject=True,
    ),
    "erasure-receipt": Kind(
        title="Receipt of erasure",
        subtitle="What was destroyed of a data subject, or why it was not (GDPR Art. 17).",
        compose=_receipt("subject.eras", "erasure"),
        subject=True,
    ),
    "dpia": Kind(
        title="Inputs to an impact assessment",
        subtitle="Flows, classes, volumes and risks, as recorded (GDPR Art. 35).",
        compose=_dpia,
        standing=True,
    ),
    "policy-history": Kind(
        title="History of the policy",
        subtitle="Versions with their dates and who approved them (45 CFR 164.316(b)(2)(i)).",
        compose=_policy,
        standing=True,
    ),
}
"""Name → kind, in the order in which they are offered."""
