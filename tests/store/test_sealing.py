"""Sealed parts open only where they were sealed, and only while every key they need exists."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import VerificationError
from gateway.core.ids import random_id
from gateway.ledger.entry import DataKey, SealedPart
from gateway.store.sealing import Opening, Sealer

R = bytes(range(32))


class Keys:
    """Data keys in memory; `persist` is explicit, as with the keyring."""

    def __init__(self) -> None:
        self.plain: dict[str, bytes] = {}
        self.destroyed: set[str] = set()
        self.subjects: dict[str, str] = {}
        self._pending: dict[str, tuple[str | None, bytes]] = {}

    def new_data_key(self, subject: str | None) -> tuple[DataKey, bytes]:
        key = DataKey(id=random_id("dk"), subject=subject, wrapped=b"")
        plain = os.urandom(32)
        self._pending[key.id] = (subject, plain)
        return key, plain

    def persist(self, keys: tuple[DataKey, ...]) -> None:
        for key in keys:
            subject, plain = self._pending[key.id]
            self.plain[key.id] = plain
            if subject is not None:
                self.subjects[subject] = key.id

    def subject_key(self, subject: str) -> tuple[str, bytes] | None:
        key_id = self.subjects.get(subject)
        return None if key_id is None else (key_id, self.plain[key_id])

    def data_key(self, key_id: str) -> bytes | None:
        return self.plain.get(key_id)

    def unknown(self, key_id: str) -> bool:
        return key_id not in self.plain and key_id not in self.destroyed


def sealed_for(keys: Keys, *subjects: str, value: bytes | None = b"body") -> SealedPart:
    sealer = Sealer(keys)
    key = sealer.exchange_key(subjects)
    keys.persist(key.new)
    return sealer.seal(tenant="tn_1", record="id-1", part="request", opening=R, value=value, key=key)


@pytest.mark.parametrize("value", [None, b"", b"body", bytes(100_000)])
def test_what_was_sealed_is_opened_again_and_an_absent_value_stays_absent(value: bytes | None) -> None:
    keys = Keys()
    part = sealed_for(keys, value=value)
    assert Sealer(keys).open(tenant="tn_1", record="id-1", sealed=part) == Opening(R, value)
    assert part.part == "request"
    assert len(part.nonce) == 12


def test_an_exchange_without_a_subject_has_a_key_of_its_own() -> None:
    sealer = Sealer(Keys())
    first, second = sealer.exchange_key(), sealer.exchange_key()
    assert first.ids != second.ids
    assert first.plain != second.plain
    assert [key.subject for key in first.new] == [None]


def test_a_known_subject_s_key_is_used_again_and_is_not_new() -> None:
    keys = Keys()
    sealer = Sealer(keys)
    first = sealer.exchange_key(("su_a",))
    keys.persist(first.new)
    second = sealer.exchange_key(("su_a", "su_a"))
    assert second.ids == first.ids
    assert second.plain == first.plain
    assert second.new == ()


def test_a_part_of_several_subjects_opens_only_while_all_their_keys_exist() -> None:
    for lost in ("su_a", "su_b", "su_c"):
        keys = Keys()
        part = sealed_for(keys, "su_c", "su_a", "su_b")
        sealer = Sealer(keys)
        assert sealer.open(tenant="tn_1", record="id-1", sealed=part) == Opening(R, b"body")
        del keys.plain[keys.subjects[lost]]
        assert sealer.open(tenant="tn_1", record="id-1", sealed=part) is None


def test_the_key_of_several_subjects_is_none_of_theirs_and_does_not_depend_on_their_order() -> None:
    keys = Keys()
    sealer = Sealer(keys)
    first = sealer.exchange_key(("su_a", "su_b"))
    keys.persist(first.new)
    assert {key.subject for key in first.new} == {"su_a", "su_b"}
    again = sealer.exchange_key(("su_b", "su_a"))
    assert (again.ids, again.plain, again.new) == (first.ids, first.plain, ())
    assert first.plain not in keys.plain.values()


def test_leaving_a_key_out_of_the_list_does_not_open_the_part() -> None:
    keys = Keys()
    part = sealed_for(keys, "su_a", "su_b")
    first, second = part.key.split("+")
    for ids in (first, second, f"{second}+{first}", f"{first}+{second}+{second}"):
        moved = SealedPart(part=part.part, key=ids, nonce=part.nonce, ciphertext=part.ciphertext)
        with pytest.raises(VerificationError):
            Sealer(keys).open(tenant="tn_1", record="id-1", sealed=moved)


@pytest.mark.parametrize(
    ("tenant", "record", "part"),
    [
        ("tn_2", "id-1", "request"),
        ("tn_1", "id-2", "request"),
        ("tn_1", "id-1", "response"),
        ("tn_1i", "d-1", "request"),
    ],
)
def test_a_part_opens_in_no_other_place(tenant: str, record: str, part: str) -> None:
    keys = Keys()
    sealed = sealed_for(keys)
    moved = SealedPart(part=part, key=sealed.key, nonce=sealed.nonce, ciphertext=sealed.ciphertext)
    with pytest.raises(VerificationError):
        Sealer(keys).open(tenant=tenant, record=record, sealed=moved)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_byte_of_a_sealed_part_is_found(data: st.DataObject) -> None:
    keys = Keys()
    sealed = sealed_for(keys)
    whole = bytearray(sealed.nonce + sealed.ciphertext)
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    changed = SealedPart(part="request", key=sealed.key, nonce=bytes(whole[:12]), ciphertext=bytes(whole[12:]))
    with pytest.raises(VerificationError):
        Sealer(keys).open(tenant="tn_1", record="id-1", sealed=changed)


@settings(max_examples=60, deadline=None)
@given(nonce=st.binary(max_size=20), ciphertext=st.binary(max_size=60))
def test_garbage_from_the_database_raises_our_own_error_only(nonce: bytes, ciphertext: bytes) -> None:
    keys = Keys()
    sealed = sealed_for(keys)
    with pytest.raises(VerificationError):
        Sealer(keys).open(
            tenant="tn_1",
            record="id-1",
            sealed=SealedPart(part="request", key=sealed.key, nonce=nonce, ciphertext=ciphertext),
        )


def test_an_unknown_key_id_means_commitment_only() -> None:
    part = SealedPart(part="request", key="", nonce=bytes(12), ciphertext=bytes(49))
    assert Sealer(Keys()).open(tenant="tn_1", record="id-1", sealed=part) is None


def test_what_was_destroyed_is_told_from_what_was_never_here() -> None:
    keys = Keys()
    part = sealed_for(keys, "su_1", "su_2")
    assert not Sealer(keys).foreign(part)
    assert Sealer(Keys()).foreign(part)
    gone = part.key.split("+")[0]
    del keys.plain[gone]
    keys.destroyed.add(gone)
    assert Sealer(keys).open(tenant="tn_1", record="id-1", sealed=part) is None
    assert not Sealer(keys).foreign(part)


def test_every_sealing_has_a_nonce_of_its_own() -> None:
    sealer = Sealer(Keys())
    key = sealer.exchange_key()
    parts = [
        sealer.seal(tenant="tn_1", record="id-1", part="request", opening=R, value=None, key=key) for _ in range(50)
    ]
    assert len({part.nonce for part in parts}) == 50


def test_an_opening_of_another_length_is_a_mistake_of_the_caller() -> None:
    sealer = Sealer(Keys())
    with pytest.raises(ValueError, match="32 bytes"):
        sealer.seal(tenant="t", record="i", part="p", opening=b"", value=None, key=sealer.exchange_key())


def test_neither_keys_nor_values_show_in_a_representation() -> None:
    key = Sealer(Keys()).exchange_key()
    assert key.plain.hex() not in repr(key)
    assert repr(key.plain) not in repr(key)
    assert "body" not in repr(Opening(R, b"body"))
