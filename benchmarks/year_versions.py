"""The policy versions of a generated year: their texts, written here by hand, and what reports must tell by them.

Nothing here asks the product: neither how a version is written nor which one stood when.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from benchmarks.year_register import AGENTS, FIRST, NO_PROCESSOR, NOBODY, SECOND, UNTIL, UNTOLD, ZONES, Processor, Terms

TENANT = "clinic"
OF_ANOTHER = "of-another"
"""A processor that a text has too, of an agent that is another tenant's alone."""


def text(terms: Terms) -> bytes:
    """A version's text, as it is kept."""
    members = {"structure.json": base64.b64encode(_json(_structure(terms))).decode()}
    return _json({"members": members, "v": 1})


def _structure(terms: Terms) -> dict[str, Any]:
    others = Processor("Others Ltd", "9 Far St", "ZZ", "DPA", "2030-01-01", (), "yes", "sha256:" + "d9" * 32)
    agents = [_agent(name, processor) for name, processor in AGENTS.items()]
    return {
        "engine": "sha256:" + "e0" * 32,
        "profile": None,
        "scan_budget_us": 50_000,
        "stream": "hold",
        "trusted_proxies": [],
        "zones": [
            {"id": zone, "trusted": zone in terms.trusted, "region": region, "within": None}
            for zone, region in ZONES.items()
        ],
        "processors": [_processor(*one) for one in (*terms.processors.items(), (OF_ANOTHER, others))],
        "agents": [*agents, {**_agent("stranger", OF_ANOTHER), "tenants": ["another"]}],
        "issuers": [],
        "tenants": [
            {"id": "another", "retention_days": 7, "region": None},
            {"id": TENANT, "retention_days": terms.retention_days, "region": None},
        ],
    }


def _processor(name: str, one: Processor) -> dict[str, Any]:
    agreement = {"kind": one.safeguard, "digest": one.document, "valid_until": one.valid_until, "classes": one.classes}
    return {
        "id": name,
        "legal_name": one.legal_name,
        "address": one.address,
        "country": one.country,
        "no_training": one.no_training == "yes",
        "agreement": agreement if one.valid_until else None,
    }


def _agent(name: str, processor: str) -> dict[str, Any]:
    nothing = ("model", "version", "schema", "answer_schema", "ca")
    return {
        "id": name,
        "protocol": "openai",
        "url": "https://agent.example/v1",
        "zone": "cloud",
        "processor": processor,
        "capabilities": ["summarize"],
        "routes": [],
        "floor": [],
        **dict.fromkeys(nothing),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


TEXTS = {f"sha256:{sha256(one).hexdigest()}": one for one in map(text, (FIRST, SECOND))}
"""Digest → text, in the order in which they come to stand."""
VERSIONS = tuple(TEXTS)
TERMS: Mapping[str, Terms] = dict(zip(VERSIONS, (FIRST, SECOND), strict=True))
STANDS_FIRST = "sha256:" + "bb" * 32
"""The version that stands when the year begins, and whose text nobody has."""
NOT_KEPT = "not known: its text is not kept"


# ----------------------------------------------------------------------------------------------------- what is told


def declared(version: str, processor: str) -> Processor:
    """Who it is that something was sent to, by the version it was decided under."""
    if processor == "none":
        return NO_PROCESSOR
    return TERMS[version].processors.get(processor, NOBODY) if version in TERMS else UNTOLD


def trusts(version: str, zone: str) -> bool:
    return version in TERMS and zone in TERMS[version].trusted


def stood(truth: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Version, from and until: those that decided and were activated by no record that anybody looked at come first."""
    rows = [(row[0], row[1], row[2]) for row in truth["standing"]["policies"]]
    lost = {row[5] for row in truth["flows"]["versions"]}.difference(["none"], (row[0] for row in rows))
    return [*((one, "not known", "not known") for one in sorted(lost)), *rows]


def kept_so(truth: Mapping[str, Any], of: Callable[[Terms | None], Any]) -> list[tuple[Any, str, str]]:
    """What versions say, from and until; None is told nowhere."""
    told: list[tuple[Any, str, str]] = []
    for version, since, until in stood(truth):
        says = of(TERMS.get(version))
        if told and told[-1][0] == says and told[-1][2] == since:
            _, began, _ = told.pop()
            since = began
        told.append((says, since, until))
    return [one for one in told if one[0] is not None]


def valid(one: Processor, until: str) -> str:
    """Whether an agreement is valid on the last day of a time that ends then, or with the year."""
    if not one.valid_until:
        return one.safeguard
    if until == "not known":
        return until
    ends = datetime.fromisoformat(until if until.startswith("20") else UNTIL) - timedelta(microseconds=1)
    return "yes" if ends.date() <= date.fromisoformat(one.valid_until) else "no"


def added(rows: Iterable[tuple[tuple[str, ...], str, int, str]]) -> list[tuple[str | int, ...]]:
    """Rows of the same texts as one: these, first, how often, last."""
    by_key: dict[tuple[str, ...], list[tuple[str, int, str]]] = {}
    for key, first, times, last in rows:
        by_key.setdefault(key, []).append((first, times, last))
    told = [
        (key, min(one[0] for one in spans), sum(one[1] for one in spans), max(one[2] for one in spans))
        for key, spans in by_key.items()
    ]
    ordered = sorted(told, key=lambda one: (-one[2], one[0]))
    return [(*key, first, times, last) for key, first, times, last in ordered]
