"""OSCAL assessment results of a year's bundles against the truth of its provisions: the state of each, the figures in
its texts, and which records it names."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import year_register as made
from benchmarks.year_bundles import Bundle
from benchmarks.year_provisions import Finder
from benchmarks.year_reports import frameworks

MEMBER = "data/oscal/assessment-results.json"
NAMED = 100
"""How many records before the range an observation names."""
Reach = Mapping[tuple[str, str], list[int]]
"""Framework and provision → the numbers of the year's records that it asks for."""


def oscal_faults(bundle: Bundle) -> Iterator[str]:
    """Everything in which that of a bundle differs."""
    yield from assessment_faults(json.loads(bundle.read(MEMBER)), bundle, reach_of(bundle))


def assessment_faults(document: Mapping[str, Any], bundle: Bundle, reach: Reach) -> Iterator[str]:
    """The same of a document. `reach`: as `reach_of` the bundle."""
    told, truth, every = document["assessment-results"], bundle.year.truth, frameworks()
    for name, found, wanted in (
        ("version", told["metadata"]["version"], f"{truth.first}-{truth.last + 1}"),
        ("last-modified", told["metadata"]["last-modified"], bundle.created),
        ("results", len(told["results"]), len(every)),
    ):
        yield from _one(name, found, wanted)
    for (framework, title, _), result in zip(every, told["results"], strict=False):
        yield from _one(
            framework, result["title"], f"{title}: records {truth.first} to {truth.last} of {bundle.written.origin}"
        )
        yield from _one(f"{framework}: start and end", [result["start"], result["end"]], [made.SINCE, made.UNTIL])
        own = [one for one in bundle.truth["provisions"] if one["framework"] == framework]
        yield from (f"{framework}: {fault}" for fault in _result(result, own, reach))


def _result(told: Mapping[str, Any], own: list[Any], reach: Reach) -> Iterator[str]:
    supported, others = [one for one in own if one["records"]], [one for one in own if not one["records"]]
    controls = told["reviewed-controls"]["control-selections"][0]["include-controls"]
    yield from _one("controls", len({one["control-id"] for one in controls}), len(own))
    for name, some in (("observations", supported), ("findings", others)):
        titles = [one["title"] for one in told.get(name, ())]
        yield from _one(name, titles, [f"{one['id']} {one['title']}" for one in some])
    for found, one in zip(told.get("observations", ()), supported, strict=False):
        yield from (f"{one['id']}: {fault}" for fault in _observation(found, one, reach))
    for found, one in zip(told.get("findings", ()), others, strict=False):
        said = f"Not evidenced: {'; '.join(one['reasons'])}. {one['text']}"
        yield from _one(f"{one['id']}: description", found["description"], said)
        yield from _one(f"{one['id']}: state", found["target"]["status"]["state"], "not-satisfied")


def _observation(found: Mapping[str, Any], one: Mapping[str, Any], reach: Reach) -> Iterator[str]:
    numbers, before = reach.get((one["framework"], one["id"]), []), one["before"]
    within = one["records"] - before
    props = {prop["name"]: prop["value"] for prop in found["props"]}
    wanted = {"provision": one["id"], "evidence": one["state"], "records": str(within)}
    yield from _one("props", props, {**wanted, **({"records-before": str(before)} if before else {})})
    said = [f"{within} records, the first {numbers[0]} and the last {numbers[-1]}"] if within else []
    said += [f"{before} records before it, whose effect still stood when it began"] if before else []
    yield from _one("description", found["description"], f"{one['text']} In this range: {' and '.join(said)}.")
    remarks = f"In part: {'; '.join(one['reasons'])}." if one["reasons"] else None
    yield from _one("remarks", found.get("remarks"), remarks)
    evidence = [entry for entry in found["relevant-evidence"] if "href" in entry]
    yield from _one("evidence", len(evidence), int(within > 0))
    named = [entry["description"] for entry in found["relevant-evidence"] if "href" not in entry]
    yield from _one("records before", len(re.findall(r"\d+", " ".join(named))), min(before, NAMED) + (before > NAMED))
    yield from _one("records in all", len(numbers), within)


def reach_of(bundle: Bundle) -> Reach:
    """By every record of the year."""
    finder, found, truth = Finder(), dict[tuple[str, str], list[int]](), bundle.year.truth
    for seq in range(truth.first, truth.last + 1):
        for key in finder.of(bundle.written.drawn[seq].envelope):
            found.setdefault(key, []).append(seq)
    return found


def _one(place: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{place}: {found!r}, must be {wanted!r}"
