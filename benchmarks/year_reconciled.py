"""What `gateway audit reconcile` says of logs of a year in a database, against what is known of each row and record."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import year_register as made
from benchmarks.year_command import Command
from benchmarks.year_filling import Written
from benchmarks.year_logs import LOGS, MAPPING, Log, Sending, sendings
from gateway.ledger.record import timestamp

OUTCOMES = ("met", "around", "extra", "repeated", "check", "missing", "beyond")
FOUND = 1
"""The exit code where something has no other side."""


def sent_in(written: Written) -> list[Sending]:
    """What went to agents in the year."""
    truth = written.year.truth
    return sendings((seq, written.drawn[seq]) for seq in range(truth.first, truth.last + 1))


def reconciled_faults(written: Written, run: Command) -> list[str]:
    """Where the command says something else than is known."""
    sent, folder = sent_in(written), written.configuration.parent / "logs"
    folder.mkdir(exist_ok=True)
    (folder / "mapping.toml").write_text(MAPPING)
    logs = {name: make(sent) for name, make in LOGS.items()}
    for name, log in logs.items():
        (folder / name).write_text("\n".join(log.lines) + "\n")
    where = ("--config", str(written.configuration), "--json", "--limit", "10000")
    period = ("--from", made.SINCE, "--to", made.UNTIL, "--mapping", str(folder / "mapping.toml"))
    given = [part for name in logs for part in ("--log", f"{name}={folder / name}")]
    code, said = run(["audit", "reconcile", *where, *period, *given])
    if code != FOUND:
        return [f"exit code {code}: {said.strip()}"]
    return list(document_faults(json.loads(said), written, sent, logs))


def document_faults(
    document: Mapping[str, Any], written: Written, sent: list[Sending], logs: Mapping[str, Log]
) -> Iterator[str]:
    """The same of a document."""
    truth = written.year.truth
    records = {
        "sent": len(sent),
        "first": timestamp(sent[0].at),
        "last": timestamp(sent[-1].at),
        "pulled": 0,
        "homeless": 0,
        "archives": [one.id for one in written.archives if one.end > truth.first and one.first <= truth.last],
        "emergencies": [],
    }
    yield from _one("ok", document["ok"], False)
    yield from _one("records", document["records"], records)
    yield from _one("sources", [one["source"] for one in document["sources"]], list(logs))
    for one, (name, log) in zip(document["sources"], logs.items(), strict=False):
        yield from (f"{name}: {fault}" for fault in _source(one, log))
        yield from _one(f"{name}: days", _days(document, name), log.days)
        yield from _one(f"{name}: findings", _found(document, name), Counter(log.found))


def _source(told: Mapping[str, Any], log: Log) -> Iterator[str]:
    kinds = log.kinds()
    compared = sum(kinds[kind] for kind in ("met", "around", "extra", "repeated"))
    counts = {
        "compared": compared,
        "elsewhere": log.elsewhere,
        "other_ports": log.other_ports,
        "outside": log.outside,
        "unreadable": log.unreadable,
        **{kind: kinds[kind] for kind in OUTCOMES},
    }
    for name, count in counts.items():
        yield from _one(name, told.get(name, 0), count)
    yield from _one("lines that cannot be read", len(told["errors"]), log.unreadable)


def _days(document: Mapping[str, Any], source: str) -> Counter[tuple[str, str, str]]:
    """Day, agent and kind → how many."""
    found = Counter[tuple[str, str, str]]()
    for one in document["days"]:
        if one["source"] == source:
            found.update({(one["day"], one["agents"], kind): one[kind] for kind in OUTCOMES if one.get(kind)})
    return found


def _found(document: Mapping[str, Any], source: str) -> Counter[tuple[str, int | None, int | None]]:
    some = [one for one in document["findings"] if one["source"] == source]
    return Counter((one["kind"], one["line"], one["seq"]) for one in some)


def _one(place: str, found: Any, wanted: Any) -> Iterator[str]:
    if found == wanted:
        return
    if isinstance(found, Counter) and isinstance(wanted, Counter):
        for key in sorted({*found, *wanted}, key=str):
            if found[key] != wanted[key]:
                yield f"{place}: {key}: {found[key]}, must be {wanted[key]}"
    else:
        yield f"{place}: {found!r}, must be {wanted!r}"
