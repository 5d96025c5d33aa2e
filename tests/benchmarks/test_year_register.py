"""The site of a generated year has what reports tell apart: declared and not, dated and not, in traffic and not."""

from benchmarks.year_messages import AGENTS
from benchmarks.year_register import NOBODY, PROCESSORS, REGIONS, REGISTER, TRUSTED, processor


def test_one_processor_in_traffic_is_not_declared_and_one_declared_is_not_in_traffic() -> None:
    seen = {one.processor for one in AGENTS}
    assert seen - {*PROCESSORS}
    assert {*PROCESSORS} - seen
    assert processor("lettres-sa") == NOBODY
    assert processor("clinic-it") == PROCESSORS["clinic-it"]


def test_some_zones_are_trusted_and_some_are_not() -> None:
    assert {one.zone for one in AGENTS} == {*REGIONS}
    assert set() < TRUSTED < {*REGIONS}
    assert {name for name, place in REGISTER.zones.items() if place.trusted} == TRUSTED
