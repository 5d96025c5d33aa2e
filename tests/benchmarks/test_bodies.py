"""What the benchmark sends: a thousand and more different bodies, a third of them with something to find."""

import json
from collections import Counter

from benchmarks.bodies import CLASSES, SIZE, bodies
from benchmarks.classify import Clock
from gateway.checks.classification.engine import Engine


def test_bodies_are_distinct_and_of_about_a_kilobyte() -> None:
    made = list(bodies(1200))
    assert len({body.data for body in made}) == 1200
    assert all(abs(len(body.data) - SIZE) < 16 for body in made)
    assert all(json.loads(body.data)["messages"] for body in made)


def test_streams_are_asked_for_in_bodies_of_the_same_size() -> None:
    for body in bodies(24, stream=True):
        assert json.loads(body.data)["stream"] is True
        assert b'"stream": true' in body.data  # as the reference knows them
        assert abs(len(body.data) - SIZE) < 16


def test_every_run_sends_the_same() -> None:
    assert list(bodies(24)) == list(bodies(24))


def test_what_is_found_is_what_each_stands_for() -> None:
    engine = Engine(clock=Clock(), budget_ms=10_000)
    counted: Counter[str] = Counter()
    for body in bodies(240):
        counted[body.data_class] += 1
        text = json.loads(body.data)["messages"][1]["content"]
        found = {finding.type for finding in engine.scan_text(text)}
        wanted = {"pii": {"email", "person"}, "phi": {"mrn", "health-term"}, "pci": {"card"}}.get(body.data_class)
        assert (not found) if wanted is None else wanted <= found
    assert counted.keys() == set(CLASSES)
    assert sum(counted[name] for name in ("pii", "phi", "pci")) == 80
