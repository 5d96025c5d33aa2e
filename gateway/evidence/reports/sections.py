"""A section of a report for each section of figures: the same numbers, as plots to look at and tables to read."""

from collections import Counter
from typing import Any

from gateway.evidence.reports import around, engines
from gateway.evidence.reports.basis import Basis, Kept, percent, share_of, span, table
from gateway.evidence.reports.document import (
    Bars,
    Block,
    Cell,
    Fields,
    Section,
    Stacks,
    Streams,
    Strip,
    Table,
    Text,
)
from gateway.evidence.reports.processors import processors
from gateway.evidence.reports.register import NOT_KNOWN
from gateway.evidence.reports.requests import requests
from gateway.evidence.reports.standing import standing
from gateway.evidence.reports.transfers import transfers
from gateway.evidence.reports.versions import begins, runs

FATES = ("sent as it was", "masked", "not sent")
WORDS = ("route", "redact", "tokenize", "approve", "deny", "refused")
"""In the order in which they are stacked: what passed below, what did not on top."""


def coverage(basis: Basis) -> Section:
    """What every report says of itself."""
    told = basis.figures["coverage"]
    first, size = max(told["first"], 0), told["records"] + told["missing"]
    blocks: list[Block] = [
        Text(
            "Records are numbered without a gap and each names the hash of the one before it, so that a missing one "
            "shows. What never came through the gateway is in no record."
        ),
        Fields(
            (
                ("Records", told["records"]),
                ("Places without a record", told["missing"]),
                ("Refused while nothing could be recorded", told["refused_unrecorded"]),
                ("Records of emergency ledgers, counted too", told["emergency_records"]),
                ("Emergency ledgers that are in no figure", sum(one.told is None for one in basis.emergencies)),
                ("Exchanges without an end", told["open"]),
                ("Interrupted exchanges", told["interrupted"]),
                ("Not scanned at all", percent(told["unscanned_bp"])),
                ("Scanned in part", percent(told["partial_bp"])),
                ("Personal, but naming no subject", percent(told["personal_without_subject_bp"])),
                ("Personal, with no detail to tell it from", told["personal_unknown"]),
                ("Records since the last cosigned checkpoint", told["unwitnessed_records"]),
                (
                    "Longest time without a witness",
                    span(told["unwitnessed_us"]) if told["witnessings"] else "no witness",
                ),
            )
        ),
    ]
    if size:
        gaps = tuple((row[0] - first, row[1] + 1 - first) for row in told["gaps"])
        covered, witnessed = max(told["published"] - first, 0), max(told["witnessed"] - first, 0)
        ends = (f"record {first}", f"record {told['last']}")
        blocks.append(Strip("Records of the range", size, ends, gaps, min(covered, size), min(witnessed, size)))
    blocks.append(table("Newest checkpoints on record", ("Checkpoint", "Records", "Time", "Root"), told["points"]))
    head = ("Witness", "Node", "Checkpoints", "Least ahead", "Furthest ahead")
    blocks.append(table("Clocks of witnesses, against the node's", head, told["clocks"]))
    blocks += [*around.outside(basis), *around.archives(basis)]
    for name, lost in basis.figures["beyond"]:
        said = f"Of “{name}” {lost:,} more were counted than could be told apart: its tables leave them out."
        blocks.append(Text(said, "warning"))
    if told["missing"]:
        blocks.append(Text("Records are missing from this range: verify the ledger before relying on it.", "warning"))
    blocks += [
        table("Places without a record", ("From", "To"), told["gaps"]),
        *around.life(basis),
        table("Starts, stops and recoveries", ("Time", "Event", "Node", "Count", "Outcome", "Reason"), told["states"]),
        *around.emergencies(basis),
        table("Records by event", ("Event", "Records"), told["events"]),
        table("Whether requests could be scanned", ("Scanned", "Requests"), told["scanned"]),
        table("Exchanges with personal data", ("Subject", "Requests"), told["personal"]),
        *engines.versions(basis),
        Text(
            f"Details, which hold persons, transport and roles, are still there for {told['details']:,} records and "
            f"were deleted for {told['details_deleted']:,}: what depends on them is told of the former alone."
            if basis.opened
            else f"Details, which hold persons, transport and roles, were opened for {told['details']:,} records and "
            f"not for {told['details_deleted']:,}: what depends on them is told of the former alone, and “detail "
            "deleted” means one that was not opened here.",
            "note",
        ),
    ]
    return Section("coverage", "Coverage and gaps", tuple(blocks))


def flows(basis: Basis) -> Section:
    told = basis.figures["flows"]
    streams = Streams("Messages by data class and zone", tuple((row[0], row[1], row[2]) for row in told["zones"]))
    trusted = known = 0
    for _, zone, _, _, data, version, _, times, _ in told["versions"]:
        register = basis.declared.of(version)
        if data == "personal" and register.known:
            known += times
            trusted += times if register.place(zone).trusted else 0
    return Section(
        "flows",
        "What went where",
        (
            Fields(
                (
                    ("Sent to agents", told["sent"]),
                    ("With personal data", told["sent_personal"]),
                    ("Of these into trusted zones", share_of(trusted, known)),
                    ("Of these, whether trusted is not known", told["sent_personal"] - known),
                )
            ),
            Text(
                "Whether a zone was trusted is what the policy version says that a message was decided under. The "
                "share is one of those whose version is known.",
                "note",
            ),
            Text("A message that carries two classes counts in the row of each. “not sent” is what stayed here."),
            streams,
            table("Messages by data class and zone", ("Data class", "Zone", "Messages"), told["zones"]),
            table(
                "Recipients",
                ("Recipient", "Zone", "Region", "Processor", "Data", "First", "Messages", "Last"),
                told["recipients"],
            ),
            table(
                "Agents, by version and model as registered",
                ("Agent", "Version", "Model", "First", "Messages", "Last"),
                told["models"],
            ),
        ),
    )


def decisions(basis: Basis) -> Section:
    told = basis.figures["decisions"]
    days: dict[str, Counter[str]] = {}
    for day, word, times in told["days"]:
        days.setdefault(day, Counter())[word] += times
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (day, *(counts[word] for word in WORDS)) for day, counts in sorted(days.items())
    )
    rules = Counter[str]()
    for rule, _, times in told["rules"]:
        rules[rule] += times
    ranked = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    words = {row[0]: row[1] for row in told["words"]}
    named = tuple((word, words.get(word, 0)) for word in WORDS)
    stopped = words.get("deny", 0) + words.get("refused", 0)
    return Section(
        "decisions",
        "What was decided",
        (
            Fields(
                (
                    ("Requests", told["requests"]),
                    ("Sent as they were", words.get("route", 0)),
                    ("Sent masked or with tokens", words.get("redact", 0) + words.get("tokenize", 0)),
                    ("Held for people", words.get("approve", 0)),
                    ("Denied or refused", stopped),
                    ("Answered from what was kept", told["kept_answers"]),
                )
            ),
            Text(
                "A request that waited for people and was sent again counts twice. Refused are those that something "
                "else than policy stopped: credentials, limits, form; those to the gateway's own API among them.",
                "note",
            ),
            Stacks("Decisions over time", WORDS, rows),
            Bars("Rules that matched most often", tuple(ranked)),
            table("Requests by decision", ("Decision", "Requests"), named),
            Text(
                "A request counts for each rule that matched it, under the decision that came of all of them: a rule "
                "that allows stands there with requests that another one denied, and the sum is more than the "
                "requests.",
                "note",
            ),
            table("Rules that matched", ("Rule", "Decision", "Requests"), told["rules"]),
            table("Why requests were not sent", ("Code", "Requests"), told["refusals"]),
            table("How exchanges ended", ("Code", "Exchanges"), told["outcomes"]),
            table("Purposes", ("Purpose of use", "Decision", "Requests"), told["purposes"]),
            table("Rules on trial, and what they would have done", ("Rule", "Decision", "Requests"), told["watched"]),
        ),
    )


def minimum(basis: Basis) -> Section:
    told = basis.figures["minimum"]
    asked = sum(row[1] for row in told["fields"])
    masked, kept = sum(row[3] for row in told["fields"]), sum(row[4] for row in told["fields"])
    head = ("Asked for", "As it was", "Masked", "Not sent")
    rows = tuple(
        (row[0], fate, times)
        for row in told["fields"][:14]
        for fate, times in zip(FATES, row[2:], strict=True)
        if times
    )
    return Section(
        "minimum",
        "How much of what was asked for was sent",
        (
            Fields(
                (
                    ("Findings in requests", asked),
                    ("Masked", share_of(masked, asked)),
                    ("Not sent", share_of(kept, asked)),
                    ("Sent as they were", share_of(asked - masked - kept, asked)),
                )
            ),
            Text(
                "Counted are findings of the classification in requests that policy decided. Where a rule masks "
                "without naming types, every type counts as masked that is masked for a class of the message.",
                "note",
            ),
            Streams("Findings by type, and what became of them", rows),
            table("Findings", ("Type", *head), told["fields"]),
            table("Messages", ("Data class", *head), told["messages"]),
        ),
    )


def approvals(basis: Basis) -> Section:
    told = basis.figures["approvals"]
    # Where nobody answered, a plot and a table of noughts would say nothing.
    spread = told["spread"] if told["answered"] else ()
    return Section(
        "approvals",
        "What waited for people",
        (
            Fields(
                (
                    ("Answered", told["answered"]),
                    ("Still waiting at the end", told["waiting"]),
                    ("Mean wait", span(told["mean_us"]) if told["answered"] else "none answered"),
                    ("Longest wait", span(told["longest_us"]) if told["answered"] else "none answered"),
                )
            ),
            Bars("From the request to the first answer", tuple((row[0], row[1]) for row in spread)),
            table("Waits", ("Waited", "Approvals"), spread),
            table("Steps", ("Step", "Taken by", "Times"), told["steps"]),
            table("Reasons for answers", ("Step", "Actor", "Reason", "First", "Times", "Last"), told["reasons"]),
        ),
    )


UNIDENTIFIED = (
    "A refused credential is on the ledger of the tenant whose it provably was: the whole of an API key that was "
    "revoked or has ended, or a token or certificate whose signature holds. Whoever showed none, or one that only "
    "claims whose it is, is on the operator's ledger (_system), and a report of that ledger counts it."
)


def callers(basis: Basis) -> Section:
    told = basis.figures["callers"]
    failures = sum(row[1] for row in told["failures"])
    return Section(
        "callers",
        "Who was let in",
        (
            Fields(
                (
                    ("Callers", len(told["callers"])),
                    ("Credentials refused", failures),
                    ("Keys made, changed or revoked", len(told["keys"])),
                    ("Emergency access", sum(row[1] == "alert.break_glass" for row in told["glass"])),
                )
            ),
            Text(
                "Callers are named by pseudonyms; who they are is in a table of its own that can be deleted from.",
                "note",
            ),
            Text(UNIDENTIFIED, "note"),
            table("Callers", ("Caller", "Kind", "Zone", "First", "Requests", "Last"), told["callers"]),
            table("Roles in use", ("Caller", "Role", "First", "Requests", "Last"), told["roles"]),
            table("How callers proved who they are", ("Method", "Issuer", "Credentials", "Requests"), told["methods"]),
            table("Transport to the gateway", ("TLS", "Requests"), told["transport"]),
            table("Transport to agents", ("Agent or callback", "Zone", "TLS", "Times"), told["to_agents"]),
            Stacks(
                "Refused credentials over time", ("refused",), tuple((row[0], row[1]) for row in told["failed_days"])
            ),
            table("Refused credentials", ("Code", "Times"), told["failures"]),
            table("Keys and deny-list", ("Time", "Event", "Credential", "Actor"), told["keys"]),
            table("Issuers and tools", ("Time", "Event", "Agent", "Actor"), told["changes"]),
            table(
                "Emergency access",
                ("Time", "Event", "Emergency", "Actor", "Role", "Until", "Outcome", "Reason"),
                told["glass"],
            ),
            *_open_before(basis, "emergencies whose review was overdue"),
            table(
                "Emergencies whose review was overdue when the period began",
                ("Emergency", "Role", "Until", "Overdue since", "Record", "Reviewed", "Outcome", "By"),
                told["overdue_before"],
            ),
            table("Requests under a lent role", ("Decision", "Requests"), told["lent"]),
        ),
    )


def trail(basis: Basis) -> Section:
    told = basis.figures["trail"]
    return Section(
        "trail",
        "Who looked at the records",
        (
            table("Readings", ("Reader", "Kind", "Event", "First", "Times", "Last"), told["readings"]),
            table("Questions asked", ("Reader", "Event", "Question", "First", "Times", "Last"), told["questions"]),
            table("Verifications", ("Time", "Actor", "Outcome", "First record", "End", "Reason"), told["verified"]),
            table(
                "Exports",
                ("Time", "Actor", "First record", "End", "Outcome", "Reason", "SHA-256 of the file"),
                told["exports"],
            ),
            sign_offs(basis),
            table(
                "What reviewers found, and what is to be done",
                ("Signed at", "Reviewer", "Disposition", "Reason"),
                told["findings"],
            ),
        ),
    )


def sign_offs(basis: Basis) -> Table:
    """Reviews that were signed off in the period of the report, of whichever period they were. Those of before
    sign-offs asked for a report that was made here say "not told" of its record."""
    return table(
        "Reviews signed off",
        (
            *("Signed at", "Reviewer", "Reviewed", "First record", "End", "Period reviewed"),
            *("Disposition", "Incident", "SHA-256 of the report", "Record of the report"),
        ),
        basis.figures["trail"]["signed"],
    )


def policies(basis: Basis) -> Section:
    told = basis.figures["policies"]
    versions = basis.figures["decisions"]["versions"]
    return Section(
        "policies",
        "Policy and configuration",
        (
            table(
                "Versions proposed and activated",
                ("Time", "Event", "Version", "Activated or proposed by", "Proposed by", "Proposal"),
                told["changes"],
            ),
            table("Reasons for versions", ("Time", "Event", "Version", "Actor", "Reason"), told["reasons"]),
            table("Versions that decided", ("Version", "First", "Decisions", "Last"), versions),
            table("Changes of the configuration", ("Time", "Digest", "Actor"), told["configurations"]),
        ),
    )


_OPEN_BEFORE = "{} there, and of which no record of the period tells, are missing here."


def subjects(basis: Basis) -> Section:
    told = basis.figures["subjects"]
    steps = subject_steps(basis, told)
    reasons = table("Reasons given", ("Time", "Event", "Outcome", "Case", "Actor", "Reason"), told["reasons"])
    return Section(
        steps.id, steps.title, (*_open_before(basis, "erasures that were asked for"), *steps.blocks, reasons)
    )


def _open_before(basis: Basis, some: str) -> list[Block]:
    """How far back it is known what was open when the period began, where that is not from the first record on. `some`:
    what that is, and how it began."""
    missing = _OPEN_BEFORE.format(some)
    if basis.known_from is None:
        return [Text(f"Records before the period were not looked at: {missing}", "warning")]
    if basis.known_from:
        since = f"Records before {basis.known_from:,} lie in an archive that was not at hand"
        return [Text(f"{since}: {missing}", "warning")]
    return []


def subject_steps(basis: Basis, told: dict[str, Any]) -> Section:
    """Requests of data subjects, of all or of one; without what officers say of them, since a receipt is given away."""
    return Section(
        "subjects",
        "Requests of data subjects",
        (
            requests(told["requests"], _reached(basis)),
            table("Steps", ("Event", "Outcome", "Times"), told["steps"]),
            table("Cases", ("Time", "Event", "Outcome", "Case", "Subject", "Ground"), told["cases"]),
            table(
                "Erasures",
                ("Time", "Case", "Subject", "Records", "Keys", "Recipients to be told", "Backups until"),
                told["erased"],
            ),
            table(
                "What accesses did not look into",
                ("Time", "Case", "Where more of the person lies, or may lie"),
                told["elsewhere"],
            ),
        ),
    )


def _reached(basis: Basis) -> str:
    """Up to when it is known what happened: to the end of the period, or to the making of the report, or, where a
    record of the range says more, to that."""
    newest: str = basis.figures["coverage"]["last_at"]
    return max(newest, min(basis.until, basis.created))


KEPT_BY = (
    "For how many days records are kept is told as the policy versions in force in the period said, from when until "
    "when those stood. What is destroyed at a time goes by the days that stand then."
)


def keeping(basis: Basis) -> Section:
    told = basis.figures["keeping"]
    days = runs(basis, lambda register: register.retention_days if register.known else NOT_KNOWN)
    return Section(
        "keeping",
        "What is kept and what was destroyed",
        (
            Text(KEPT_BY, "note"),
            *begins(basis),
            *_oldest(basis.kept),
            table("Days for which records are kept", ("Days", "From", "Until"), days),
            table("Content of what was sent", ("Rule", "Messages"), told["kept"]),
            table("Destroyed", ("Time", "Event", "How many", "Outcome"), told["destroyed"]),
        ),
    )


def _oldest(kept: Kept | None) -> tuple[Block, ...]:
    """An archive is a file: that it is on record does not say that it is there."""
    if kept is None:
        return ()
    number, at = kept.archived_from if kept.archives else ("none", "none")
    return (
        Fields(
            (
                ("Oldest record in the database", kept.first),
                ("It occurred at", kept.at),
                ("Archives of records before it", kept.archives),
                ("First record in them", number),
                ("The earliest in them occurred at", at),
            )
        ),
    )


def incidents(basis: Basis) -> Section:
    told = basis.figures["incidents"]
    columns = (
        *("Incident", "Seen at", "Agent", "Zone", "Classes", "Findings", "Exchange"),
        *("72 hours end", "60 days end", "Closed", "As", "By"),
    )
    return Section(
        "incidents",
        "Incidents",
        (
            *_open_before(basis, "incidents that were opened"),
            Fields(
                (
                    ("Opened", len(told["opened"])),
                    ("Still open", _still_open(told["opened"])),
                    ("Open when the period began", len(told["open_before"])),
                    ("Of these still open", _still_open(told["open_before"])),
                )
            ),
            table("Opened", columns, told["opened"]),
            table("Open when the period began", columns, told["open_before"]),
            table("Closed, of an earlier period", ("Incident", "Closed", "As", "By"), told["closed_of_before"]),
            table("Reasons for closing", ("Time", "Incident", "As", "By", "Reason"), told["closings"]),
            table("What was kept and searched again", ("Outcome", "Messages"), told["searched"]),
        ),
    )


def _still_open(rows: list[list[Cell]]) -> int:
    return sum(row[9] == "none" for row in rows)


SECTIONS = {
    "coverage": coverage,
    "flows": flows,
    "processors": processors,
    "transfers": transfers,
    "decisions": decisions,
    "minimum": minimum,
    "approvals": approvals,
    "callers": callers,
    "trail": trail,
    "policies": policies,
    "standing": standing,
    "subjects": subjects,
    "keeping": keeping,
    "incidents": incidents,
}
"""Name of the figures → what tells them."""
