"""`gateway subjects`: requests of data subjects, by a person with a key of its own and the role `privacy`.

Identifiers come from a file or from standard input, never from the command line, which other accounts of the machine
can read. Each is a line `KIND VALUE`, like `mrn 4711`; `given VALUE` is what callers write in `X-Data-Subject`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from gateway.bootstrap import Site
from gateway.cli.common import Commands, Failed, WrongUse, read_file, say, subcommands, table, told, warn, write_file
from gateway.cli.persons import OPTIONS, personal
from gateway.core.refusal import Refusal
from gateway.evidence.tabular import CSV, NDJSON
from gateway.exchange.approving import Approver
from gateway.exchange.erasing import Asked
from gateway.exchange.subject_access import Wanted, passed_over, rows
from gateway.exchange.subject_record import described_case
from gateway.exchange.subjects import SEQS, Identifier, Meant, Shown, described, unfit_seq
from gateway.ledger.times import parse_timestamp, read_time
from gateway.store.subject_cases import Case

_MOST = 65_536
_OPTIONS = {
    **OPTIONS,
    "case": "CASE",
    "subject": "--subject",
    "identifier": "--identifier",
    "links": "--link",
    "ground": "--ground",
}


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("subjects", help="requests of data subjects"))

    personal(_about(group.add_parser("show", parents=[common], help="what is known, by pseudonym")), _show)

    link = _about(group.add_parser("link", parents=[common], help="have a subject found by further identifiers"))
    link.add_argument("--link", required=True, type=Path, metavar="FILE", help="lines of KIND VALUE")
    personal(link, _link)

    merge = _about(group.add_parser("merge", parents=[common], help="say that two pseudonyms are one person"))
    merge.add_argument("--into", required=True, metavar="SUBJECT", help="the pseudonym of the other one")
    personal(_reasoned(merge), _merge)

    personal(_reasoned(_about(group.add_parser("split", parents=[common], help="take a merging back"))), _split)

    restrict = _about(group.add_parser("restrict", parents=[common], help="restrict processing (Art. 18)"))
    restrict.add_argument("--lift", action="store_true", help="lift the restriction instead")
    personal(_reasoned(restrict), _restrict)

    rectify = _about(group.add_parser("rectify", parents=[common], help="say what corrects a record (Art. 16)"))
    rectify.add_argument("--seq", required=True, type=int, metavar="N", help="the record that is corrected")
    personal(_reasoned(rectify), _rectify)

    hold = group.add_parser("hold", parents=[common], help="keep a subject's data from destruction, or no longer")
    _about(hold, required=False)
    step = hold.add_mutually_exclusive_group()
    step.add_argument("--confirm", metavar="CASE", help="the second person's yes to this hold, or to its end")
    step.add_argument("--lift", metavar="CASE", help="end this hold")
    personal(_reasoned(hold), _hold)

    access = _about(group.add_parser("access", parents=[common], help="what is known of a subject, as data (Art. 15)"))
    access.add_argument("--identity", required=True, metavar="TEXT", help="how it was made sure who asks")
    access.add_argument("--received", metavar="TIME", help="when it was asked: RFC 3339, or a date (default: now)")
    access.add_argument("--out", required=True, type=Path, metavar="FILE", help="a new file, for its reader alone")
    access.add_argument("--csv", action="store_true", help="as --format csv")
    access.add_argument(
        "--format", choices=("json", "ndjson", "csv"), help="default: json, which says all; else the records"
    )
    personal(_reasoned(access), _access)

    erase = group.add_parser("erase", parents=[common], help="erase a subject (Art. 17): ask, agree or refuse")
    _about(erase, required=False)
    erase.add_argument("--ground", metavar="LETTER", help="of Art. 17(1) to ask, of Art. 17(3) or a word to refuse")
    erase.add_argument("--identity", metavar="TEXT", help="how it was made sure who asks, and where that is kept")
    erase.add_argument("--received", metavar="TIME", help="when it was asked: RFC 3339, or a date (default: now)")
    which = erase.add_mutually_exclusive_group()
    which.add_argument("--approve", metavar="CASE", help="the second person's yes to this request")
    which.add_argument("--refuse", metavar="CASE", help="refuse this request, with --ground")
    personal(_reasoned(erase), _erase)

    personal(group.add_parser("cases", parents=[common], help="holds, accesses and erasures"), _cases)


def _about(parser: argparse.ArgumentParser, *, required: bool = True) -> argparse.ArgumentParser:
    meant = parser.add_mutually_exclusive_group(required=required)
    meant.add_argument("--subject", metavar="SUBJECT", help="the pseudonym (su_…)")
    meant.add_argument("--identifier", type=Path, metavar="FILE", help="a line of KIND VALUE; - for standard input")
    return parser


def _reasoned(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
    return parser


async def _show(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, site, await site.subjects.show(who, meant(arguments)))


async def _link(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    links = identifiers(arguments.link, "--link")
    _say(arguments, site, await site.subjects.link(who, meant(arguments), links))


async def _merge(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    into = Meant(subject=arguments.into)
    _say(arguments, site, await site.subjects.merge(who, meant(arguments), into, arguments.reason))


async def _split(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, site, await site.subjects.split(who, meant(arguments), arguments.reason))


async def _restrict(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    done = await site.subjects.restrict(who, meant(arguments), restricted=not arguments.lift, reason=arguments.reason)
    _say(arguments, site, done)


async def _rectify(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    if unfit_seq(arguments.seq) is not None:
        raise WrongUse(f"--seq must be {SEQS}")
    _say(arguments, site, await site.subjects.rectify(who, meant(arguments), arguments.seq, arguments.reason))


async def _hold(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    case = arguments.confirm or arguments.lift
    named = arguments.subject is not None or arguments.identifier is not None
    if named == (case is not None):
        raise WrongUse("--subject or --identifier places a hold; --confirm or --lift is about one that there is")
    if arguments.confirm is not None:
        done = await site.holds.confirm(who, arguments.confirm, arguments.reason)
    elif arguments.lift is not None:
        done = await site.holds.lift(who, arguments.lift, arguments.reason)
    else:
        done = await site.holds.hold(who, meant(arguments), arguments.reason)
    say_case(arguments, site, done)


async def _access(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    form = {"ndjson": NDJSON, "csv": CSV}.get("csv" if arguments.csv else arguments.format)
    write_file(arguments.out, b"", "--out")  # before it is on record that it is told
    arguments.out.chmod(0o600)
    wanted = Wanted(identity=arguments.identity, reason=arguments.reason, received_us=_received(arguments.received))
    try:
        found = await site.access.give(who, meant(arguments), wanted)
        if isinstance(found, Refusal):
            raise Failed(told(found, _OPTIONS))
        arguments.out.write_bytes(msgspec.json.encode(found) if form is None else rows(found, form))
    except BaseException:
        arguments.out.unlink()  # an empty or a broken file would look like an answer
        raise
    shown = {"case": found["case"], "subject": found["subject"], "records": len(found["records"]), "due": found["due"]}
    words = {"archives": "archives, which hold more:", "emergencies": "emergency ledgers, whose files are not at hand:"}
    for kind, ids in passed_over(found).items():
        warn(f"not looked into: {words[kind]} {ids}")
    say(arguments, shown, [f"{found['case']}: {len(found['records'])} records, due {found['due']}"])


async def _erase(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    case = arguments.approve or arguments.refuse
    named = arguments.subject is not None or arguments.identifier is not None
    if named == (case is not None):
        raise WrongUse("--subject or --identifier asks; --approve or --refuse is about a request that there is")
    if arguments.approve is not None:
        done = await site.erasing.approve(who, arguments.approve, arguments.reason)
    elif arguments.refuse is not None:
        done = await site.erasing.refuse(who, arguments.refuse, arguments.ground or "", arguments.reason)
    else:
        asked = Asked(
            ground=arguments.ground or "",
            identity=arguments.identity or "",
            reason=arguments.reason,
            received_us=_received(arguments.received),
        )
        done = await site.erasing.request(who, meant(arguments), asked)
        if isinstance(done, Case) and done.state == "refused":
            warn("refused at once: a legal hold is on this person (`gateway subjects cases` lists it)")
    say_case(arguments, site, done)


def _received(text: str | None) -> int | None:
    if text is None:
        return None
    time = read_time(text)
    if time is None:
        raise WrongUse("--received: must be a time with its zone, or a date (RFC 3339)")
    return parse_timestamp(time)


async def _cases(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    found = await site.holds.cases(who)
    if isinstance(found, Refusal):
        raise Failed(told(found, _OPTIONS))
    shown = [described_case(one, site.clock.now_us()) for one in found]
    rows = [
        (one["id"], one["kind"], one["state"], one["subject"], one["opened"], one["due"] or "", _late(one))
        for one in shown
    ]
    say(arguments, {"cases": shown}, table(("id", "kind", "state", "subject", "opened", "due", ""), rows))


def meant(arguments: argparse.Namespace) -> Meant:
    """Who the options mean; `WrongUse` for a file that holds another number of identifiers than one."""
    if arguments.identifier is None:
        return Meant(subject=arguments.subject)
    found = identifiers(arguments.identifier, "--identifier")
    if len(found) != 1:
        raise WrongUse("--identifier must hold one line, KIND VALUE")
    return Meant(identifier=found[0])


def identifiers(path: Path, option: str) -> tuple[Identifier, ...]:
    """The lines of a file, or of standard input. No error says what stands in them."""
    data = sys.stdin.buffer.read(_MOST + 1) if str(path) == "-" else read_file(path, option, _MOST)
    try:
        lines = [line.strip() for line in data.decode("utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise WrongUse(f"{option} must hold UTF-8") from error
    found = []
    for line in filter(None, lines):
        kind, _, value = line.partition(" ")
        if not value.strip():
            raise WrongUse(f"{option} must hold lines of KIND VALUE, like: mrn 4711")
        found.append(Identifier(kind=kind, value=value.strip()))
    return tuple(found)


def say_case(arguments: argparse.Namespace, site: Site, done: Case | Refusal) -> None:
    """Print a case, or say why there is none."""
    if isinstance(done, Refusal):
        raise Failed(told(done, _OPTIONS))
    shown = described_case(done, site.clock.now_us())
    times = (("ripe", "not before"), ("due", "due")) if done.ended_us is None else ()
    words = [f"{done.id}: {done.kind} of {done.subject} is {done.state}"]
    words += [f"{word} {shown[name]}" for name, word in times if shown[name] is not None]
    say(arguments, shown, [", ".join(words)])


def _say(arguments: argparse.Namespace, site: Site, done: Shown | Refusal) -> None:
    if isinstance(done, Refusal):
        raise Failed(told(done, _OPTIONS))
    shown = described(done, site.clock.now_us())
    say(arguments, shown, [f"{name}: {_words(value)}" for name, value in shown.items() if name != "cases"])


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "no" if value is None else str(value)


def _late(one: dict[str, Any]) -> str:
    return "overdue" if one["overdue"] else ""
