"""What must stand in each section that a report of a generated year has, by the truth and the register made up for it.

Nothing here asks the product: a figure is told from the year's truth, and written by `year_written`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from benchmarks.year_messages import ENGINES
from benchmarks.year_register import (
    MEASURED,
    MEASURED_AT,
    Around,
    Counted,
    Processor,
    Said,
    Terms,
    around,
)
from benchmarks.year_versions import NOT_KEPT, TERMS, added, declared, kept_so, stood, trusts, valid
from benchmarks.year_written import NUMBER, Part, Prose, Wanted, hundredths, lasting, share, shown, table
from gateway.evidence.reports.document import Bars, Fields, Stacks, Streams, Strip

Truth = Mapping[str, Any]
CARRIED = "carried"
"""A key of the truth of reports that a bundle carries, which holds what others have said of its records."""
CLOSED = "closed"
"""A key of the truth of reports for which not every detail is opened."""
WORDS = ("route", "redact", "tokenize", "approve", "deny", "refused")
ASKED = "Asked for | As it was | Masked | Not sent"
GLASS = "Time | Event | Emergency | Actor | Role | Until | Outcome | Reason"


def coverage(truth: Truth) -> Part:
    told, beside = truth["coverage"], around(truth)
    first, size = told["first"], told["records"] + told["missing"]
    fields = (
        ("Records", told["records"]),
        ("Places without a record", told["missing"]),
        ("Refused while nothing could be recorded", told["refused_unrecorded"]),
        ("Records of emergency ledgers, counted too", told["emergency_records"]),
        ("Emergency ledgers that are in no figure", 0 if beside.away is None else 1),
        ("Exchanges without an end", told["open"]),
        ("Interrupted exchanges", told["interrupted"]),
        ("Not scanned at all", hundredths(told["unscanned_bp"])),
        ("Scanned in part", hundredths(told["partial_bp"])),
        ("Personal, but naming no subject", hundredths(told["personal_without_subject_bp"])),
        ("Personal, with no detail to tell it from", told["personal_unknown"]),
        ("Records since the last cosigned checkpoint", told["unwitnessed_records"]),
        ("Longest time without a witness", lasting(told["unwitnessed_us"]) if told["witnessings"] else "no witness"),
    )
    strip = Strip(
        "Records of the range",
        size,
        (f"record {first}", f"record {told['last']}"),
        tuple((gap[0] - first, gap[1] - first + 1) for gap in told["gaps"]),
        max(0, min(size, told["published"] - first)),
        max(0, min(size, told["witnessed"] - first)),
    )
    details, closed = [shown(told["details"]), shown(told["details_deleted"])], CLOSED in truth
    word = "were opened for" if closed else "are still there"
    holds = ("one that was not opened here",) if closed else ("were deleted for",)
    missing = [Prose("Records are missing from this range", (), "warning")] if told["missing"] else []
    return Part(
        "coverage",
        "Coverage and gaps",
        (
            Prose("Records are numbered without a gap"),
            Fields(fields),
            strip,
            table("Newest checkpoints on record", "Checkpoint | Records | Time | Root", told["points"]),
            table(
                "Clocks of witnesses, against the node's",
                "Witness | Node | Checkpoints | Least ahead | Furthest ahead",
                told["clocks"],
            ),
            *(
                [Prose("Time-stamps and lines of witnesses", (), "note")]
                if CARRIED in truth
                else _around(beside, first, told["last"] + 1)
            ),
            *missing,
            table("Places without a record", "From | To", told["gaps"]),
            *([] if CARRIED in truth else [_life(beside)]),
            table("Starts, stops and recoveries", "Time | Event | Node | Count | Outcome | Reason", told["states"]),
            *_emergencies(told["emergencies"], beside.away),
            table("Records by event", "Event | Records", told["events"]),
            table("Whether requests could be scanned", "Scanned | Requests", told["scanned"]),
            table("Exchanges with personal data", "Subject | Requests", told["personal"]),
            *_engines(told["engines"], beside),
            Prose("What people found that", NUMBER.findall(" ".join(beside.misses)), "note", beside.misses),
            Prose(f"Details, which hold persons, transport and roles, {word}", details, "note", holds),
        ),
    )


def _around(beside: Around, first: int, end: int) -> list[Wanted]:
    """Who else knows of the records, and which of them came from archives."""
    columns = "Records of the checkpoint | Time | Covers"
    archives = [(name, max(first, first + low), min(end, first + high) - 1) for name, low, high in beside.archives]
    return [
        Prose("What authorities and witnesses have said", (), "note"),
        table(
            "Time-stamps (RFC 3161)",
            f"Authority | {columns}",
            [_said(one, first, end) for one in beside.stamps],
            "No authority has stamped this ledger.",
        ),
        table(
            "Cosigned by witnesses",
            f"Witness | {columns}",
            [_said(one, first, end) for one in beside.cosigned],
            "No witness has seen this ledger.",
        ),
        Prose("Some of the records lie in archives", (), "note"),
        table("Records that were read from archives", "Archive | From | To", archives),
    ]


def _life(beside: Around) -> Wanted:
    empty = "None on record." if beside.whole else "None in the database. What lies in archives was not looked at."
    return table("Last start or stop before it, by node", "Node | Event | Time | Record", beside.life, empty)


def _said(one: Said, first: int, end: int) -> tuple[str, int, str, str]:
    if one.more is None:
        return one.name, end + 1, one.at, "all of this report's records"
    if not one.more:
        return one.name, first, one.at, "none of this report's records"
    reach = f"records {shown(first)} to {shown(first + one.more - 1)}"
    return one.name, first + one.more, one.at, reach


def _emergencies(ledgers: list[list[str | int]], away: tuple[str | int, ...] | None) -> list[Wanted]:
    """Each of the year is in the figures with all of its records; one more is not at hand."""
    rows: list[tuple[str | int, ...]] = [(*row, row[1]) for row in ledgers]
    if away is not None:
        rows.append((*away, "not at hand"))
    if not rows:
        return []
    return [
        Prose("While the database was away", (), "note"),
        *([] if away is None else [Prose("The file of an emergency ledger was not at hand", (), "warning")]),
        table("Emergency ledgers", "Ledger | Records | Exchanges | From | Until | In the figures", rows),
    ]


def _engines(told: list[list[str | int]], beside: Around) -> list[Wanted]:
    """The versions, the figures of the first one, and that there are none of the second one; of those in records."""
    first, second = ENGINES
    blocks: list[Wanted] = [table("Versions of the classification", "Version | First | Requests | Last", told)]
    seen = {row[0] for row in told}
    if first in seen and beside.measured:
        numbers = NUMBER.findall(f"{first} {MEASURED_AT} 95")
        bodies = [(one.name + (" (tuned on)" if one.tuned else ""), one.texts, *_counted(one.all)) for one in MEASURED]
        types = [(kind, one.name, count) for one in MEASURED[1:] for kind, count in one.types.items()]
        types.sort(key=lambda one: (_least(one[2]), one[:2]))
        rows = [(kind, name, *_counted(count)) for kind, name, count in types]
        blocks += [
            Prose(f"Version {first} was measured on {MEASURED_AT}", numbers, "note"),
            table(f"Measured figures of {first}", "Measured on | Texts | Labels | Precision | Recall", bodies),
            table(f"By type, of {first}", "Type | Measured on | Labels | Precision | Recall", rows),
        ]
    strange = ", ".join(one for one in ((second,) if beside.measured else ENGINES) if one in seen)
    if strange:
        blocks.append(Prose(f"No measured figures are known of {strange}.", NUMBER.findall(strange), "note"))
    return blocks


def _counted(one: Counted) -> tuple[int, str, str]:
    """Labels, precision and recall as a report writes them."""
    return one.recall[1], "not told" if one.precision is None else _bounded(one.precision), _bounded(one.recall)


def _bounded(part: tuple[int, int, int, int]) -> str:
    hits, whole, low, high = part
    if not whole:
        return "nothing to take it of"
    middle = (Decimal(hits) / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return f"{middle} ({Decimal(low) / 10_000:.4f} to {Decimal(high) / 10_000:.4f})"


def _least(one: Counted) -> Decimal:
    told = [Decimal(part[0]) / part[1] for part in (one.recall, one.precision) if part is not None and part[1]]
    return min(told)


def flows(truth: Truth) -> Part:
    told = truth["flows"]
    personal = [row for row in told["versions"] if row[4] == "personal"]
    trusted = sum(times for _, zone, _, _, _, version, _, times, _ in personal if trusts(version, zone))
    known = sum(row[7] for row in personal if row[5] in TERMS)
    zones = told["zones"]
    return Part(
        "flows",
        "What went where",
        (
            Fields(
                (
                    ("Sent to agents", told["sent"]),
                    ("With personal data", told["sent_personal"]),
                    ("Of these into trusted zones", share(trusted, known)),
                    ("Of these, whether trusted is not known", told["sent_personal"] - known),
                )
            ),
            Prose("Whether a zone was trusted", (), "note"),
            Prose("A message that carries two classes"),
            Streams("Messages by data class and zone", tuple(tuple(row) for row in zones)),
            table("Messages by data class and zone", "Data class | Zone | Messages", zones),
            table(
                "Recipients",
                "Recipient | Zone | Region | Processor | Data | First | Messages | Last",
                told["recipients"],
            ),
            table(
                "Agents, by version and model as registered",
                "Agent | Version | Model | First | Messages | Last",
                told["models"],
            ),
        ),
    )


def transfers(truth: Truth) -> Part:
    rows, regions, countries = [], Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for agent, zone, region, name, data, version, *span in truth["flows"]["versions"]:
        one, times = declared(version, name), span[1]
        rows.append(((agent, zone, region, one.country, one.safeguard, data), *span))
        regions[data, region] += times
        countries[data, one.country] += times
    columns = "Recipient | Zone | Region | Country | Mechanism | Data | First | Messages | Last"
    plots = {"by region of the zone": regions, "by country of the processor": countries}
    return Part(
        "transfers",
        "Transfers",
        (
            Prose("The region is that of the zone", (), "note"),
            *_told_by(truth),
            *(
                Streams(f"Where data went, {how}", tuple((*key, times) for key, times in sorted(found.items())))
                for how, found in plots.items()
            ),
            table("Transfers by recipient", columns, added(rows)),
        ),
    )


def processors(truth: Truth) -> Part:
    seen, untold = Counter[str](), 0
    for _, _, _, name, _, version, _, times, _ in truth["flows"]["versions"]:
        if name != "none" and version in TERMS:
            seen[name] += times
        elif name != "none":
            untold += times
    known = {name for version, _, _ in stood(truth) if version in TERMS for name in TERMS[version].processors}
    rows = []
    for name in sorted(known):
        for one, since, until in kept_so(truth, partial(_declared_in, name)):
            said = (one.legal_name, one.address, one.country, one.safeguard, one.valid_until or "-", valid(one, until))
            rows.append((name, *said, ", ".join(one.classes), one.no_training, one.document or "-", since, until))
    sent = []
    for _, _, _, name, _, version, *span in truth["flows"]["versions"]:
        one = declared(version, name)
        if name != "none":
            sent.append(((name, one.legal_name, one.country, one.safeguard), *span))
    columns = "Id | Legal name | Address | Country | Agreement | Valid until | Valid at the end"
    return Part(
        "processors",
        "Processors and their agreements",
        (
            Prose("Names, addresses and agreements", (), "note"),
            *_told_by(truth),
            table(
                "Register of processors",
                f"{columns} | Classes | No training | Document | From | Until",
                rows,
                "No processor is in a policy version of the period that was read.",
            ),
            table(
                "Sent to processors, by what stood then",
                "Processor | Legal name | Country | Agreement | First | Messages | Last",
                added(sent),
            ),
            *([Prose(f"{shown(untold)} messages to processors", (shown(untold),), "warning")] if untold else []),
            table(
                "In traffic, not in the register",
                "Processor | Messages",
                [(name, seen[name]) for name in sorted(set(seen) - known - {"none"})],
            ),
            table("In the register, not in traffic", "Processor", [(name,) for name in sorted(known - set(seen))]),
        ),
    )


def _declared_in(name: str, terms: Terms | None) -> Processor | None:
    return None if terms is None else terms.processors.get(name)


def _told_by(truth: Truth) -> list[Wanted]:
    rows = [(*one, "read" if one[0] in TERMS else NOT_KEPT) for one in stood(truth)]
    return [
        Prose("Each value is told from when until when", (), "note"),
        table(
            "Policy versions that this is told by",
            "Version | From | Until | What it says",
            rows,
            "No policy version was in force in the period.",
        ),
    ]


def decisions(truth: Truth) -> Part:
    told = truth["decisions"]
    words = Counter[str](dict(told["words"]))
    days: dict[str, dict[str, int]] = {}
    for day, word, times in told["days"]:
        days.setdefault(day, dict.fromkeys(WORDS, 0))[word] += times
    rules = Counter[str]()
    for rule, _, times in told["rules"]:
        rules[rule] += times
    return Part(
        "decisions",
        "What was decided",
        (
            Fields(
                (
                    ("Requests", told["requests"]),
                    ("Sent as they were", words["route"]),
                    ("Sent masked or with tokens", words["redact"] + words["tokenize"]),
                    ("Held for people", words["approve"]),
                    ("Denied or refused", words["deny"] + words["refused"]),
                    ("Answered from what was kept", told["kept_answers"]),
                )
            ),
            Prose("A request that waited for people", (), "note"),
            Stacks("Decisions over time", WORDS, tuple((day, *days[day].values()) for day in sorted(days))),
            Bars("Rules that matched most often", tuple(sorted(rules.items(), key=lambda one: (-one[1], one[0])))),
            table("Requests by decision", "Decision | Requests", [(word, words[word]) for word in WORDS]),
            Prose("A request counts for each rule that matched it", (), "note"),
            table("Rules that matched", "Rule | Decision | Requests", told["rules"]),
            table("Why requests were not sent", "Code | Requests", told["refusals"]),
            table("How exchanges ended", "Code | Exchanges", told["outcomes"]),
            table("Purposes", "Purpose of use | Decision | Requests", told["purposes"]),
            table(
                "Rules on trial, and what they would have done",
                "Rule | Decision | Requests",
                told["watched"],
            ),
        ),
    )


def minimum(truth: Truth) -> Part:
    fields, messages = truth["minimum"]["fields"], truth["minimum"]["messages"]
    asked, plain, masked, kept = (sum(row[place] for row in fields) for place in (1, 2, 3, 4))
    streams = []
    for name, _, as_it_was, hidden, stayed in fields[:14]:
        fates = (("sent as it was", as_it_was), ("masked", hidden), ("not sent", stayed))
        streams += [(name, fate, times) for fate, times in fates if times]
    return Part(
        "minimum",
        "How much of what was asked for was sent",
        (
            Fields(
                (
                    ("Findings in requests", asked),
                    ("Masked", share(masked, asked)),
                    ("Not sent", share(kept, asked)),
                    ("Sent as they were", share(plain, asked)),
                )
            ),
            Prose("Counted are findings of the classification", (), "note"),
            Streams("Findings by type, and what became of them", tuple(streams)),
            table("Findings", f"Type | {ASKED}", fields),
            table("Messages", f"Data class | {ASKED}", messages),
        ),
    )


def approvals(truth: Truth) -> Part:
    told = truth["approvals"]
    mean, longest = (
        (lasting(told[name]) if told["answered"] else "none answered") for name in ("mean_us", "longest_us")
    )
    spread = told["spread"] if told["answered"] else ()
    return Part(
        "approvals",
        "What waited for people",
        (
            Fields(
                (
                    ("Answered", told["answered"]),
                    ("Still waiting at the end", told["waiting"]),
                    ("Mean wait", mean),
                    ("Longest wait", longest),
                )
            ),
            Bars("From the request to the first answer", tuple(tuple(row) for row in spread)),
            table("Waits", "Waited | Approvals", spread),
            table("Steps", "Step | Taken by | Times", told["steps"]),
            table("Reasons for answers", "Step | Actor | Reason | First | Times | Last", told["reasons"]),
        ),
    )


def callers(truth: Truth) -> Part:
    told = truth["callers"]
    begun = [row for row in told["glass"] if row[1] == "alert.break_glass"]
    days = tuple(tuple(row) for row in told["failed_days"])
    return Part(
        "callers",
        "Who was let in",
        (
            Fields(
                (
                    ("Callers", len(told["callers"])),
                    ("Credentials refused", sum(times for _, times in told["failed_days"])),
                    ("Keys made, changed or revoked", len(told["keys"])),
                    ("Emergency access", len(begun)),
                )
            ),
            Prose("Callers are named by pseudonyms", (), "note"),
            Prose("A refused credential is on the ledger", (), "note", ["_system"]),
            table("Callers", "Caller | Kind | Zone | First | Requests | Last", told["callers"]),
            table("Roles in use", "Caller | Role | First | Requests | Last", told["roles"]),
            table("How callers proved who they are", "Method | Issuer | Credentials | Requests", told["methods"]),
            table("Transport to the gateway", "TLS | Requests", told["transport"]),
            table("Transport to agents", "Agent or callback | Zone | TLS | Times", told["to_agents"]),
            Stacks("Refused credentials over time", ("refused",), days),
            table("Refused credentials", "Code | Times", told["failures"]),
            table("Keys and deny-list", "Time | Event | Credential | Actor", told["keys"]),
            table("Issuers and tools", "Time | Event | Agent | Actor", told["changes"]),
            table(
                "Emergency access", "Time | Event | Emergency | Actor | Role | Until | Outcome | Reason", told["glass"]
            ),
            *_open_before(truth),
            table(
                "Emergencies whose review was overdue when the period began",
                "Emergency | Role | Until | Overdue since | Record | Reviewed | Outcome | By",
                told["overdue_before"],
            ),
            table("Requests under a lent role", "Decision | Requests", told["lent"]),
        ),
    )


def trail(truth: Truth) -> Part:
    told = truth["trail"]
    return Part(
        "trail",
        "Who looked at the records",
        (
            table("Readings", "Reader | Kind | Event | First | Times | Last", told["readings"]),
            table("Questions asked", "Reader | Event | Question | First | Times | Last", told["questions"]),
            table("Verifications", "Time | Actor | Outcome | First record | End | Reason", told["verified"]),
            table(
                "Exports", "Time | Actor | First record | End | Outcome | Reason | SHA-256 of the file", told["exports"]
            ),
            sign_offs(truth),
            table(
                "What reviewers found, and what is to be done",
                "Signed at | Reviewer | Disposition | Reason",
                told["findings"],
            ),
        ),
    )


def sign_offs(truth: Truth) -> Wanted:
    signed = "Signed at | Reviewer | Reviewed | First record | End | Period reviewed | Disposition | Incident"
    return table(
        "Reviews signed off", f"{signed} | SHA-256 of the report | Record of the report", truth["trail"]["signed"]
    )


def policies(truth: Truth) -> Part:
    told = truth["policies"]
    return Part(
        "policies",
        "Policy and configuration",
        (
            table(
                "Versions proposed and activated",
                "Time | Event | Version | Activated or proposed by | Proposed by | Proposal",
                told["changes"],
            ),
            table("Reasons for versions", "Time | Event | Version | Actor | Reason", told["reasons"]),
            table("Versions that decided", "Version | First | Decisions | Last", truth["decisions"]["versions"]),
            table("Changes of the configuration", "Time | Digest | Actor", told["configurations"]),
        ),
    )


def standing(truth: Truth) -> Part:
    told = truth["standing"]
    # What the year changed comes first: a row of what it did not was made before, and has no end.
    keys = sorted(told["keys"], key=lambda row: (row[11], row[14]) == ("before the period", "none"))
    entries = sorted(told["denials"], key=lambda row: (row[8], row[9]) == ("before the period", "none"))
    lies = "Record | Lies"
    ends = "Why ended | Ended by | Record of the end | Other lines"
    lives = [
        table(
            "Keys in force in the period",
            "Key | Owner | Kind | Roles | Zone | Purposes | Scopes | From | Until",
            [row[:9] for row in keys],
        ),
        table(
            "How these keys came and went",
            f"Key | Made by | {lies} | Replaces | Expires | {ends}",
            [[name, *row] for name, row in _cut(keys, 9)],
        ),
        table("Deny-list in the period", "Entry | Kind | Name | Issuer | From | Until", [row[:6] for row in entries]),
        table(
            "How these entries came and went",
            f"Entry | Denied by | {lies} | {ends}",
            [[name, *row] for name, row in _cut(entries, 6)],
        ),
    ]
    return Part("standing", "What was in force", (*_known(truth), *lives, *_versions(told)))


def versions(truth: Truth) -> Part:
    told = truth["standing"]
    return Part("standing", "What was in force", (*_known(truth), *_versions(told)))


def _cut(rows: list[list[Any]], at: int) -> list[tuple[Any, ...]]:
    """Of each its name, and what stands from there on."""
    return [(row[0], row[at:]) for row in rows]


def _known(truth: Truth) -> list[Wanted]:
    untold, first = truth["standing"]["untold"], str(truth["coverage"]["first"])
    since = around(truth).known_from
    outside = Prose("Records that lie before the period are named by their numbers", ("0", first), "note")
    return [
        Prose("What was in force at any time of the period"),
        *([Prose("What stood before record", [shown(since)], "warning")] if since else []),
        *([outside] if CARRIED in truth else []),
        *([Prose("Of ", [shown(untold)], "warning")] if untold else []),
    ]


def _versions(told: Truth) -> list[Wanted]:
    who = "From | Until | Activated by | Proposed by | Proposal | Record | Lies"
    return [
        table("Policy versions in force", f"Version | {who}", told["policies"]),
        table(
            "Configurations in force",
            "Node | Digest | From | Until | Changed by | Record | Lies",
            told["configurations"],
        ),
        Prose("Configurations are told of each node", (), "note"),
    ]


def subjects(truth: Truth) -> Part:
    """All of them, and what officers say of why: that is in no receipt."""
    steps, columns = subject_steps(truth, truth["subjects"]), "Time | Event | Outcome | Case | Actor | Reason"
    return steps._replace(
        blocks=(*_open_before(truth), *steps.blocks, table("Reasons given", columns, truth["subjects"]["reasons"]))
    )


def _open_before(truth: Truth) -> list[Wanted]:
    """From where on it is known what was open when the year began."""
    since = around(truth).known_from
    return [Prose("Records before", [shown(since)], "warning")] if since else []


def subject_steps(truth: Truth, told: Truth) -> Part:
    """`told`: of all of them, or of one person."""
    return Part(
        "subjects",
        "Requests of data subjects",
        (
            table(
                "Requests",
                "Case | What | Subject | Received | Due | Ended | Newest step | Full days | Stands",
                [[*row, *_stood(row, truth["coverage"]["last_at"])] for row in told["requests"]],
            ),
            table("Steps", "Event | Outcome | Times", told["steps"]),
            table("Cases", "Time | Event | Outcome | Case | Subject | Ground", told["cases"]),
            table(
                "Erasures",
                "Time | Case | Subject | Records | Keys | Recipients to be told | Backups until",
                told["erased"],
            ),
            table(
                "What accesses did not look into",
                "Time | Case | Where more of the person lies, or may lie",
                told["elsewhere"],
            ),
        ),
    )


def _stood(row: Sequence[str | int], last: str) -> list[str | int]:
    """In how many days a request came to its end, and how it stands when the year is over."""
    received, due, ended = map(str, row[3:6])
    if ended == "none":
        return ["none", "open, overdue" if due < last else "open, not due yet"]
    days = (datetime.fromisoformat(ended) - datetime.fromisoformat(received)).days
    return [days, "ended late" if ended > due else "ended in time"]


def _days(terms: Terms | None) -> int | str:
    return "not known" if terms is None else terms.retention_days


def keeping(truth: Truth) -> Part:
    told = truth["keeping"]
    return Part(
        "keeping",
        "What is kept and what was destroyed",
        (
            Prose("For how many days records are kept", (), "note"),
            *([] if CARRIED in truth else [_oldest(*around(truth).kept)]),
            table("Days for which records are kept", "Days | From | Until", kept_so(truth, _days)),
            table("Content of what was sent", "Rule | Messages", told["kept"]),
            table("Destroyed", "Time | Event | How many | Outcome", told["destroyed"]),
        ),
    )


def _oldest(first: int, at: str, archives: int, number: int, since: str) -> Wanted:
    found, earliest = (number, since) if archives else ("none", "none")
    before = (("First record in them", found), ("The earliest in them occurred at", earliest))
    of = ("Archives of records before it", archives)
    return Fields((("Oldest record in the database", first), ("It occurred at", at), of, *before))


def incidents(truth: Truth) -> Part:
    told = truth["incidents"]
    opened, before = told["opened"], told["open_before"]
    closed, since = ([row for row in some if row[9] != "none"] for some in (opened, before))
    counted = (
        ("Opened", len(opened)),
        ("Still open", len(opened) - len(closed)),
        ("Open when the period began", len(before)),
        ("Of these still open", len(before) - len(since)),
    )
    columns = "Incident | Seen at | Agent | Zone | Classes | Findings | Exchange | 72 hours end | 60 days end"
    return Part(
        "incidents",
        "Incidents",
        (
            *_open_before(truth),
            Fields(counted),
            table("Opened", f"{columns} | Closed | As | By", opened),
            table("Open when the period began", f"{columns} | Closed | As | By", before),
            table("Closed, of an earlier period", "Incident | Closed | As | By", told["closed_of_before"]),
            table("Reasons for closing", "Time | Incident | As | By | Reason", told["closings"]),
            table("What was kept and searched again", "Outcome | Messages", told["searched"]),
        ),
    )


EACH = {
    one.__name__: one
    for one in (
        *(
            flows,
            processors,
            transfers,
            decisions,
            minimum,
            approvals,
            callers,
            trail,
            policies,
            standing,
            subjects,
            keeping,
            incidents,
        ),
        coverage,
    )
}
"""In the order of a report of a period."""
