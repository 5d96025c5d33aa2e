import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.ids import SerialIds, random_id, trace_id, uuid7, uuid7_us


@given(us=st.integers(0, 2**48 * 1000 - 1), noise=st.binary(min_size=10, max_size=10))
@settings(max_examples=100)
def test_uuid7_has_the_version_variant_and_time_of_rfc_9562(us: int, noise: bytes) -> None:
    value = uuid.UUID(uuid7(us, noise))
    assert str(value) == uuid7(us, noise)
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    assert value.int >> 80 == us // 1000
    assert uuid7_us(str(value)) == us // 1000 * 1000


@pytest.mark.parametrize(
    "text", ["", "ex_1", "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"]
)
def test_only_a_uuid7_says_when_it_was_made(text: str) -> None:
    assert uuid7_us(text) is None


def test_the_example_of_rfc_9562_comes_out() -> None:
    """Appendix A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    noise = (0xCC3 << 68 | 0x18C4DC0C0C07398F).to_bytes(10)
    assert uuid7(0x017F22E279B0 * 1000, noise) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_all_zero_noise_is_taken_as_given() -> None:
    assert uuid7(0, bytes(10)) == "00000000-0000-7000-8000-000000000000"


def test_ids_sort_by_time() -> None:
    assert uuid7(1_000_000, b"\xff" * 10) < uuid7(1_001_000, bytes(10))


def test_uuids_without_given_noise_differ() -> None:
    assert len({uuid7(0) for _ in range(1000)}) == 1000


@given(us=st.integers(0, 2**48 * 1000 - 1), noise=st.binary(min_size=10, max_size=10))
@settings(max_examples=100)
def test_a_trace_id_is_its_time_and_its_noise(us: int, noise: bytes) -> None:
    made = trace_id(us, noise)
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert (int(made[:12], 16), bytes.fromhex(made[12:])) == (us // 1000, noise)


def test_trace_ids_sort_by_time_and_differ_at_the_same_one() -> None:
    assert trace_id(1_000_000, b"\xff" * 10) < trace_id(1_001_000, bytes(10))
    assert len({trace_id(0) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("prefix", ["tn", "ac", "su"])
def test_random_ids_hold_a_prefix_and_104_random_bits(prefix: str) -> None:
    made = {random_id(prefix) for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(rf"{prefix}_[0-9a-f]{{26}}", item) for item in made)


def test_serial_ids_look_like_random_ones_and_sort_as_they_were_made() -> None:
    ids, others = SerialIds("dk"), SerialIds("dk")
    made = [ids.next() for _ in range(1000)]
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"dk_[0-9a-f]{26}", item) for item in made)
    assert others.next() not in made
