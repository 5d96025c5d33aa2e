"""What must stand in the sections of reports on a generated year: an account of the truth, written without the reports.

Every section is made from the truth (`Year.expected`), which is counted as it is drawn, and from the site that is made
up beside it (`year_register`). Names of blocks and columns are said here anew, and so is how shares and times are
written. Nothing is taken from `gateway.evidence.figures` and `gateway.evidence.reports`, which this is held against.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from benchmarks.year_register import RETENTION_DAYS, TRUSTED
from benchmarks.year_said import Part, Said, bars, fields, numbers, stacks, streams, strip, table, text, warning

Row = Sequence[str | int]


FATES = ("sent as it was", "masked", "not sent")


class Known(NamedTuple):
    """The truth of a year, and what is known beside it."""

    figures: Mapping[str, Any]
    first: int
    end: int
    """The records told of, `end` exclusive."""
    ledger: str
    misses: Sequence[str]
    """What people found that classification misses."""
    stamps: Sequence[tuple[str, int, str]]
    cosigned: Sequence[tuple[str, int, str]]
    """By whom, of how many records, when."""
    archives: Sequence[tuple[str, int, int]]
    apart: Sequence[tuple[str | int, ...]]
    """Emergency ledgers: id, records, exchanges, from, until, and how many records of it are in the figures."""


def share(part: int, of: int) -> str:
    """A percentage with two decimals, halves up."""
    if not of:
        return "nothing to take it of"
    return f"{(Decimal(100 * part) / of).quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


def hundredths(bp: int) -> str:
    """Hundredths of a percent as a percentage."""
    return f"{Decimal(bp) / 100:.2f} %"


def lasting(us: int) -> str:
    """A time in its largest unit, and the one below it where there is some."""
    time = timedelta(seconds=us // 1_000_000)
    if not time:
        return f"{us // 1_000} ms"
    hours, minutes, seconds = time.seconds // 3_600, time.seconds // 60 % 60, time.seconds % 60
    units = [(time.days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    while not units[0][0]:
        units.pop(0)
    return " ".join(f"{many} {unit}" for many, unit in units[:2] if many)


def about(known: Known) -> Part:
    """Of which records the report is made, and how they are exported."""
    first, last, end = known.first, known.end - 1, known.end
    return Part("about", (text(first, last, *numbers(known.ledger), first, end),))


def flows(known: Known) -> Part:
    told = known.figures["flows"]
    trusted = sum(row[6] for row in told["recipients"] if row[4] == "personal" and row[1] in TRUSTED)
    heads = ("Recipient", "Zone", "Region", "Processor", "Data", "First", "Messages", "Last")
    return Part(
        "flows",
        (
            fields(
                ("Sent to agents", told["sent"]),
                ("With personal data", told["sent_personal"]),
                ("Of these into trusted zones", share(trusted, told["sent_personal"])),
            ),
            streams("Messages by data class and zone", told["zones"]),
            table("Messages by data class and zone", ("Data class", "Zone", "Messages"), told["zones"]),
            table("Recipients", heads, told["recipients"]),
        ),
    )


def decisions(known: Known) -> Part:
    told = known.figures["decisions"]
    words = ("route", "redact", "tokenize", "approve", "deny", "refused")
    times = Counter({row[0]: row[1] for row in told["words"]})
    by_day = {(row[0], row[1]): row[2] for row in told["days"]}
    days = sorted({row[0] for row in told["days"]})
    rows = [(day, *(by_day.get((day, word), 0) for word in words)) for day in days]
    by_rule: Counter[str] = Counter()
    for rule, _, number in told["rules"]:
        by_rule[rule] += number
    ranked = sorted(by_rule, key=lambda rule: (-by_rule[rule], rule))
    return Part(
        "decisions",
        (
            fields(
                ("Requests", told["requests"]),
                ("Sent as they were", times["route"]),
                ("Sent masked or with tokens", times["redact"] + times["tokenize"]),
                ("Held for people", times["approve"]),
                ("Denied or refused", times["deny"] + times["refused"]),
                ("Answered from what was kept", told["kept_answers"]),
            ),
            stacks("Decisions over time", words, rows),
            bars("Rules that decided most", [(rule, by_rule[rule]) for rule in ranked]),
            table("Requests by decision", ("Decision", "Requests"), [(word, times[word]) for word in words]),
            table("Rules", ("Rule", "Decision", "Requests"), told["rules"]),
            table("Why requests were not sent", ("Code", "Requests"), told["refusals"]),
            table("How exchanges ended", ("Code", "Exchanges"), told["outcomes"]),
            table("Purposes", ("Purpose of use", "Decision", "Requests"), told["purposes"]),
            table("Rules on trial, and what they would have done", ("Rule", "Decision", "Requests"), told["watched"]),
        ),
    )


def minimum(known: Known) -> Part:
    told = known.figures["minimum"]
    kinds = told["fields"]
    asked = sum(row[1] for row in kinds)
    as_it_was, masked, kept = (sum(row[place] for row in kinds) for place in (2, 3, 4))
    shown = []
    for name, _, *fates in kinds[:14]:
        shown += [
            (name, fate, times) for fate, times in zip(("sent as it was", "masked", "not sent"), fates, strict=True)
        ]
    heads = ("Asked for", "As it was", "Masked", "Not sent")
    return Part(
        "minimum",
        (
            fields(
                ("Findings in requests", asked),
                ("Masked", share(masked, asked)),
                ("Not sent", share(kept, asked)),
                ("Sent as they were", share(as_it_was, asked)),
            ),
            streams("Findings by type, and what became of them", [row for row in shown if row[2]]),
            table("Findings", ("Type", *heads), kinds),
            table("Messages", ("Data class", *heads), told["messages"]),
        ),
    )


def approvals(known: Known) -> Part:
    told = known.figures["approvals"]
    none = "none answered"
    return Part(
        "approvals",
        (
            fields(
                ("Answered", told["answered"]),
                ("Still waiting at the end", told["waiting"]),
                ("Mean wait", lasting(told["mean_us"]) if told["answered"] else none),
                ("Longest wait", lasting(told["longest_us"]) if told["answered"] else none),
            ),
            bars("From the request to the first answer", told["spread"]),
            table("Waits", ("Waited", "Approvals"), told["spread"]),
            table("Steps", ("Step", "Taken by", "Times"), told["steps"]),
        ),
    )


def callers(known: Known) -> Part:
    told = known.figures["callers"]
    glass = sum(1 for row in told["glass"] if row[1] == "alert.break_glass")
    return Part(
        "callers",
        (
            fields(
                ("Callers", len(told["callers"])),
                ("Credentials refused", sum(row[1] for row in told["failures"])),
                ("Keys made, changed or revoked", len(told["keys"])),
                ("Emergency access", glass),
            ),
            table("Callers", ("Caller", "Kind", "Zone", "First", "Requests", "Last"), told["callers"]),
            table("Roles in use", ("Caller", "Role", "First", "Requests", "Last"), told["roles"]),
            table("How callers proved who they are", ("Method", "Issuer", "Requests"), told["methods"]),
            table("Transport to the gateway", ("TLS", "Requests"), told["transport"]),
            stacks("Refused credentials over time", ("refused",), told["failed_days"]),
            table("Refused credentials", ("Code", "Times"), told["failures"]),
            table("Keys and deny-list", ("Time", "Event", "Credential", "Actor"), told["keys"]),
            table("Issuers and tools", ("Time", "Event", "Agent", "Actor"), told["changes"]),
            table("Emergency access", ("Time", "Event", "Emergency", "Actor", "Outcome"), told["glass"]),
            table("Requests under a lent role", ("Decision", "Requests"), told["lent"]),
        ),
    )


def trail(known: Known) -> Part:
    told = known.figures["trail"]
    signed = ("Signed at", "Reviewer", "First record", "End", "Period reviewed", "Disposition", "Incident")
    return Part(
        "trail",
        (
            table("Readings", ("Reader", "Kind", "Event", "First", "Times", "Last"), told["readings"]),
            table("Verifications", ("Time", "Actor", "Outcome", "First record", "End"), told["verified"]),
            table("Exports", ("Time", "Actor", "First record", "End"), told["exports"]),
            table("Reviews signed off", (*signed, "SHA-256 of the report"), told["signed"]),
        ),
    )


def policies(known: Known) -> Part:
    told = known.figures["policies"]
    heads = ("Time", "Event", "Version", "Activated or proposed by", "Proposed by", "Proposal")
    versions = known.figures["decisions"]["versions"]
    return Part(
        "policies",
        (
            table("Versions proposed and activated", heads, told["changes"]),
            table("Versions that decided", ("Version", "First", "Decisions", "Last"), versions),
            table("Changes of the configuration", ("Time", "Digest", "Actor"), told["configurations"]),
        ),
    )


def subjects(told: Mapping[str, Any]) -> Part:
    """Of all data subjects, or of one."""
    erased = ("Time", "Case", "Subject", "Records", "Keys", "Recipients to be told", "Backups until")
    elsewhere = ("Time", "Case", "Where more of the person lies, or may lie")
    return Part(
        "subjects",
        (
            table("Steps", ("Event", "Outcome", "Times"), told["steps"]),
            table("Cases", ("Time", "Event", "Outcome", "Case", "Subject", "Ground"), told["cases"]),
            table("Erasures", erased, told["erased"]),
            table("What accesses did not look into", elsewhere, told["elsewhere"]),
        ),
    )


def keeping(known: Known) -> Part:
    told = known.figures["keeping"]
    return Part(
        "keeping",
        (
            fields(("Records are kept for", f"{RETENTION_DAYS:,} days")),
            table("Content of what was sent", ("Rule", "Messages"), told["kept"]),
            table("Destroyed", ("Time", "Event", "How many", "Outcome"), told["destroyed"]),
        ),
    )


def incidents(known: Known) -> Part:
    told = known.figures["incidents"]
    heads = ("Incident", "Seen at", "Agent", "Zone", "Classes", "Findings", "Exchange")
    clocks = ("72 hours end", "60 days end", "Closed", "As", "By")
    open_still = len([row for row in told["opened"] if row[9] == "none"])
    return Part(
        "incidents",
        (
            fields(("Opened", len(told["opened"])), ("Still open", open_still)),
            table("Opened", (*heads, *clocks), told["opened"]),
            table("Closed, of an earlier period", ("Incident", "Closed", "As", "By"), told["closed_of_before"]),
            table("What was kept and searched again", ("Outcome", "Messages"), told["searched"]),
        ),
    )


def coverage(known: Known) -> Part:
    told = known.figures["coverage"]
    silent = lasting(told["unwitnessed_us"]) if told["witnessings"] else "no witness"
    head = fields(
        ("Records", told["records"]),
        ("Places without a record", told["missing"]),
        ("Refused while nothing could be recorded", told["refused_unrecorded"]),
        ("Records of emergency ledgers, counted too", told["emergency_records"]),
        ("Emergency ledgers that are in no figure", len([row for row in known.apart if row[5] == "not at hand"])),
        ("Exchanges without an end", told["open"]),
        ("Interrupted exchanges", told["interrupted"]),
        ("Not scanned at all", hundredths(told["unscanned_bp"])),
        ("Scanned in part", hundredths(told["partial_bp"])),
        ("Personal, but naming no subject", hundredths(told["personal_without_subject_bp"])),
        ("Records since the last cosigned checkpoint", told["unwitnessed_records"]),
        ("Longest time without a witness", silent),
    )
    details = text(told["details"], told["details_deleted"])
    return Part("coverage", (head, *_range(known), *_around(known), *_tables(known), details))


MISSING = "Records are missing from this range: verify the ledger before relying on it."
AWAY = (
    "The file of an emergency ledger was not at hand: what it recorded is in no figure of this report, and of it no "
    "more is known than this ledger has on record."
)


def _range(known: Known) -> list[Said]:
    """The whole range, as a strip."""
    told, first = known.figures["coverage"], known.first
    size = told["records"] + told["missing"]
    missing = [(row[0] - first, row[1] - first + 1) for row in told["gaps"]]
    up_to = tuple(min(max(told[name] - first, 0), size) for name in ("published", "witnessed"))
    ends = (f"record {first}", f"record {told['last']}")
    return [strip("Records of the range", ends, size, missing, up_to)] if size else []


def _around(known: Known) -> list[Said]:
    """Who else knows of the records, since when; and which were read from archives."""
    heads = ("Records of the checkpoint", "Time", "Covers")
    stamped, seen = [[(*one, _covers(known, one[1])) for one in some] for some in (known.stamps, known.cosigned)]
    stamped_rows = table("Time-stamps (RFC 3161)", ("Authority", *heads), stamped)
    told = [stamped_rows, table("Cosigned by witnesses", ("Witness", *heads), seen)]
    if known.archives:
        rows = [(name, max(first, known.first), min(end, known.end) - 1) for name, first, end in known.archives]
        told.append(table("Records that were read from archives", ("Archive", "From", "To"), rows))
    if known.figures["coverage"]["missing"]:
        told.append(warning(MISSING))
    return told


def _covers(known: Known, size: int) -> str:
    if size >= known.end:
        return "all of this report's records"
    if size <= known.first:
        return "none of this report's records"
    return f"records {known.first:,} to {size - 1:,}"


def _tables(known: Known) -> list[Said]:
    told = known.figures["coverage"]
    heads = ("Ledger", "Records", "Exchanges", "From", "Until", "In the figures")
    away = any(row[5] == "not at hand" for row in known.apart)
    apart = [table("Emergency ledgers", heads, known.apart)] if known.apart else []
    missed = numbers(*known.misses)
    return [
        table("Places without a record", ("From", "To"), told["gaps"]),
        table("Starts, stops and recoveries", ("Time", "Event", "Node", "Count", "Outcome"), told["states"]),
        *([warning(AWAY)] if away else []),
        *apart,
        table("Records by event", ("Event", "Records"), told["events"]),
        table("Whether requests could be scanned", ("Scanned", "Requests"), told["scanned"]),
        table("Exchanges with personal data", ("Subject", "Requests"), told["personal"]),
        table("Versions of the classification", ("Version", "First", "Requests", "Last"), told["engines"]),
        *([text(*missed)] if missed else []),
    ]
