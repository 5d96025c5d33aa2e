"""Advice as data, as text and as one HTML page that needs nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from gateway.evidence.advice.seen import AgentSeen, CapabilitySeen, Seen
from gateway.evidence.advice.verdict import EXPERTISE, READINESS, Verdict, judge, placement_now
from gateway.settings import AdviseSettings

THRESHOLDS = ("sensitive", "sensitive_share", "plain_share", "volatile", "steady", "min_days", "min_requests")
_AGENT = ("agent", "zone", "requests", "failures", "p50_ms", "p95_ms", "cost", "tokens")
_HEADS = ("agent", "zone", "requests", "failed", "half within, ms", "95 % within, ms", "cost a request", "tokens")
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border:1px solid #767676;padding:.3rem .6rem;"
    "text-align:left}td.n{text-align:right}h2{margin-top:2.5rem}.fits{font-weight:bold}svg{width:100%;height:4rem}"
    "@media print{h2{break-after:avoid}table,svg{break-inside:avoid}}"
)


def document(
    seen: Seen, settings: AdviseSettings, inside: frozenset[str], about: Mapping[str, Any], currency: str
) -> dict[str, Any]:
    """Everything. `about` says of which ledger and period, and which `archives` and `emergencies` some of it was read
    from; `inside` are the zones of the house."""
    return {
        **about,
        "currency": currency,
        "house": sorted(inside),
        "capabilities": [
            _capability(name, one, seen, settings, inside) for name, one in sorted(seen.capabilities.items())
        ],
        "answers": {name: getattr(settings, name) for name in (*READINESS, *EXPERTISE, "cloud")},
        "thresholds": {name: getattr(settings, name) for name in THRESHOLDS},
    }


def _capability(
    name: str, one: CapabilitySeen, seen: Seen, settings: AdviseSettings, inside: frozenset[str]
) -> dict[str, Any]:
    load = seen.load(name)
    verdict: Verdict = judge(one, load, settings, inside)
    return {
        "capability": name,
        **msgspec.to_builtins(verdict),
        "is": placement_now(one.agents.values(), inside),
        "requests": one.requests,
        "denied": one.denied,
        "kept": one.kept,
        "sensitive": one.sensitive,
        "sensitive_share": round(one.sensitive / one.requests, 4) if one.requests else None,
        "classes": dict(sorted(one.classes.items())),
        "load": {
            "days": round(load.days, 2),
            "mean_per_hour": round(load.mean, 2),
            "peak_hour": load.peak,
            "volatility": round(load.volatility, 4),
        },
        "hours_of_day": _hours_of_day(one),
        "agents": [_agent(agent, found) for agent, found in sorted(one.agents.items())],
    }


def _hours_of_day(one: CapabilitySeen) -> list[int]:
    """Requests by the hour of the day, UTC."""
    found = [0] * 24
    for hour, count in one.hours.items():
        found[hour % 24] += count
    return found


def _agent(name: str, one: AgentSeen) -> dict[str, Any]:
    return {
        "agent": name,
        "zone": one.zone,
        "requests": one.requests,
        "failures": one.failures,
        "p50_ms": _ms(one.spread.at(0.5)),
        "p95_ms": _ms(one.spread.at(0.95)),
        "cost": None if not one.costed else round(one.cost / one.costed),
        "tokens": one.tokens,
    }


def lines(document: Mapping[str, Any]) -> Iterable[str]:
    """A document as text."""
    yield f"ledger      {document['tenant']}, {document['from']} to {document['to']}"
    yield f"house       {', '.join(document['house']) or 'no zone is trusted'}"
    if document["archives"]:
        yield f"archives    read from {', '.join(document['archives'])}, and from the database"
    if document["emergencies"]:
        yield f"emergencies read from {', '.join(document['emergencies'])} too"
    if not document["capabilities"]:
        yield "not enough recorded: nothing was asked of any agent in this period"
    for one in document["capabilities"]:
        yield ""
        yield f"{one['capability']}: {one['fits'].upper()}  (now: {one['is']})"
        yield from (f"  {text}" for text in _told(one))
        for agent in one["agents"]:
            yield f"  {_agent_line(agent, document['currency'])}"


def _told(one: Mapping[str, Any]) -> Iterable[str]:
    yield from one["reasons"]
    if one["denied"]:
        yield f"{one['denied']} of its requests were refused"
    for text in one["lacking"]:
        yield f"LACKING: {text}"
    if one["unanswered"]:
        yield f"not answered, and so not counted on: {', '.join(one['unanswered'])}"


def _agent_line(agent: Mapping[str, Any], currency: str) -> str:
    cost = "cost not recorded" if agent["cost"] is None else f"{agent['cost']} millionths of {currency} a request"
    latency = "no answer recorded"
    if agent["p50_ms"] is not None:
        latency = f"half of its answers within {agent['p50_ms']} ms, 95 % within {agent['p95_ms']} ms"
    counts = f"{agent['requests']} requests, {agent['failures']} failed"
    return f"{agent['agent']} ({agent['zone']}): {counts}, {latency}, {cost}"


def html(document: Mapping[str, Any]) -> str:
    """A document as one page: no script, nothing fetched, readable when printed and when read out."""
    title = f"Where agents fit: {document['tenant']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>From {escape(document['from'])} to {escape(document['to'])}. Figures are those on record; answers and"
        " thresholds are those of the configuration.</p>",
    ]
    if document["archives"]:
        read = escape(", ".join(document["archives"]))
        body.append(f"<p>Some of the records were read from archives: {read}.</p>")
    if document["emergencies"]:
        read = escape(", ".join(document["emergencies"]))
        body.append(f"<p>Some of the records are of emergency ledgers: {read}.</p>")
    if not document["capabilities"]:
        body.append("<p>Not enough recorded: nothing was asked of any agent in this period.</p>")
    for number, one in enumerate(document["capabilities"]):
        body += _section(number, one, document["currency"])
    body.append("<h2>Answers and thresholds</h2>")
    rows = [(name, _answer(value)) for part in ("answers", "thresholds") for name, value in document[part].items()]
    body.append(_table("What the verdicts rest on besides the record", ("setting", "value"), rows))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _section(number: int, one: Mapping[str, Any], currency: str) -> Iterable[str]:
    yield f"<h2>{escape(one['capability'])}</h2>"
    yield f"<p>Fits: <span class='fits'>{escape(one['fits'])}</span>. It is now: {escape(one['is'])}.</p>"
    yield f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in _told(one))}</ul>"
    yield _bars(number, one["hours_of_day"])
    rows = [
        tuple("not recorded" if agent[name] is None else str(agent[name]) for name in _AGENT) for agent in one["agents"]
    ]
    if rows:
        yield _table(f"Its agents; costs in millionths of {currency}", _HEADS, rows)


def _bars(number: int, hours: Sequence[int]) -> str:
    """Requests by the hour of the day as bars, with the same in words for who does not see them."""
    most = max(hours) or 1
    told = f"Requests by hour of the day, UTC, from 0 to 23: {', '.join(map(str, hours))}"
    heights = [40 * count / most for count in hours]
    bars = "".join(
        f'<rect x="{10 * hour}" y="{40 - height:.1f}" width="8" height="{height:.1f}" fill="#1f5f8b"/>'
        for hour, height in enumerate(heights)
    )
    return (
        f'<svg role="img" aria-labelledby="bars-{number}" viewBox="0 0 240 40" preserveAspectRatio="none">'
        f'<title id="bars-{number}">{escape(told)}</title>{bars}</svg>'
    )


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    lines_ = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines_}</tbody></table>"


def _answer(value: Any) -> str:
    if value is None:
        return "not answered"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def _ms(us: int | None) -> int | None:
    return None if us is None else round(us / 1_000)
