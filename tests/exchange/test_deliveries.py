"""What is on its way has a name that no other has, and whoever copies it in a thread ends when nobody waits."""

import hashlib
import io
from pathlib import Path

import pytest

from gateway.exchange.deliveries import PIECE, copied, demand, wanted
from tests.exchange.parcel_kit import parcel


def test_no_two_have_one_name(tmp_path: Path) -> None:
    some = [
        parcel(tmp_path, tenant=tenant, schedule=schedule, period=period, suffix=suffix).name
        for tenant, schedule in (("a", "b-c"), ("a-b", "c"), ("a.b", "c"))
        for period in ("2026-10", "2026-11")
        for suffix in (".zip", ".zip.age")
    ]
    assert len(set(some)) == len(some)


def test_what_is_copied_is_hashed() -> None:
    content, copy = b"x" * (PIECE + 1), io.BytesIO()
    with wanted() as given_up:
        assert copied(io.BytesIO(content).read, copy.write, given_up) == hashlib.sha256(content).hexdigest()
    assert copy.getvalue() == content


def test_a_copy_that_nobody_waits_for_ends() -> None:
    copy = io.BytesIO()
    with wanted() as given_up:
        demand(given_up)
    with pytest.raises(InterruptedError):
        copied(io.BytesIO(b"x").read, copy.write, given_up)
    assert copy.getvalue() == b""
