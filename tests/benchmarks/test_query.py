"""What searching costs is measured of every filter, and judged by its targets."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import query
from benchmarks.databases import Databases
from benchmarks.query import Cost, Question, Result, Sized
from gateway.store.search import Filters

COST = Cost(question="agent", order="asc", median_ms=4.0, p95_ms=6.0, pages=[(100, 4.0), (100, 4.0), (7, 1.0)])
SMALL = Sized(records=1, costs=[COST], index_s=0.1, proof_p95_ms=1.0, export_mb=100, export_per_s=1)


def judged(*, export_mb: int = 100, proof: float = 1.0, **cost: float | list[tuple[int, float]]) -> list[str]:
    large = Sized(records=2, costs=[msgspec.structs.replace(COST, **cost)], index_s=0.1, proof_p95_ms=proof)
    return query.misses(Result(sizes={"sqlite": [msgspec.structs.replace(SMALL, export_mb=export_mb), large]}))


def test_every_filter_is_asked_for_by_itself_and_with_a_period() -> None:
    asked = query.questions(1_000_000)
    by_name = {one.name: msgspec.to_builtins(one.filters) for one in asked}
    assert {name for values in by_name.values() for name in values} == set(Filters.__struct_encode_fields__)
    for name, values in list(by_name.items()):
        if len(values) == 1:
            assert by_name[f"{name}; a month"] == {**values, **by_name["nothing; a month"]}


def test_each_target_that_is_missed_is_told() -> None:
    assert judged() == []
    assert "25.0 ms, 20.0 are wanted" in judged(p95_ms=25.0)[0]
    assert "7.0 ms for 4.0 in the smaller ledger" in judged(pages=[(100, 7.0), (100, 7.0), (100, 5.0)])[0]
    assert "2.0 ms for 1.0 in the smaller ledger" in judged(pages=[(0, 1.0), (0, 1.0), (7, 2.0)])[0]
    assert judged(pages=[(100, 5.0), (100, 5.0), (100, 9.0)]) == []  # a page that is fuller there is another
    assert judged(pages=[(0, 9.0), (0, 9.0), (0, 9.0)]) == []  # and one that holds nothing is none
    assert "proof in 6.0 ms" in judged(proof=6.0)[0]
    assert "export took 301 MB" in judged(export_mb=301)[0]


@pytest.mark.instrument
def test_a_ledger_is_made_searched_exported_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    made = [Question("nothing", Filters()), Question("agent", Filters(agent="agent-1"))]
    monkeypatch.setattr(query, "questions", lambda size: made)
    result = query.measure(Databases(None), tmp_path, said.append, (10_000, 20_000))
    one, larger = result.sizes["sqlite"]
    assert [(cost.question, cost.order) for cost in one.costs] == [
        (name, order) for name in ("nothing", "agent") for order in ("desc", "asc")
    ]
    assert all(found == 100 for cost in one.costs for found, _ in cost.pages)
    assert (one.records, larger.records) == (10_000, 20_000)
    assert [cost.question for cost in larger.costs] == [cost.question for cost in one.costs]
    assert one.export_mb is not None
    assert larger.export_mb is None
    assert any("10000 records" in line for line in said)
