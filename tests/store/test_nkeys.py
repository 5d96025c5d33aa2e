"""Keys of NATS users are read strictly, and known to the server by the public key that its own tools would give."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from gateway.store.nkeys import UserKey, read_credentials, read_seed
from tests.store.nats_kit import nkey, seed_of

SEED = seed_of(bytes(range(32)))
CREDENTIALS = f"""-----BEGIN NATS USER JWT-----
aaa.bbb.c-_
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
{SEED}
------END USER NKEY SEED------
"""


def read(text: str) -> UserKey:
    return read_seed(text, "tasks.nkey")


def raw(key: UserKey) -> bytes:
    return base64.b32decode(key.public + "=" * (-len(key.public) % 8))


def test_a_seed_gives_its_public_key_and_signs_what_the_server_asks() -> None:
    key = read(SEED)
    assert (SEED[:2], key.public[0], len(key.public)) == ("SU", "U", 56)
    signature = base64.urlsafe_b64decode(key.signed("nonce") + b"==")
    Ed25519PublicKey.from_public_bytes(raw(key)[1:33]).verify(signature, b"nonce")


def test_a_key_of_the_servers_own_documentation_is_read_as_there() -> None:
    """The pair of the server's guide to nkeys."""
    key = read("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY")
    assert key.public == "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


@pytest.mark.parametrize(
    "text",
    [
        "",
        SEED.lower(),
        f"{SEED}\n",
        SEED[:-1],
        f"{SEED}=",
        SEED[:-1] + ("A" if SEED[-1] != "A" else "B"),
        nkey(bytes([18 << 3, 0]), bytes(32)),
        nkey(bytes([18 << 3 | 20 >> 5, 1]), bytes(32)),
        nkey(bytes([20 << 3, 0]), bytes(32)),
        read(SEED).public,
    ],
    ids=["empty", "case", "line", "short", "padded", "checksum", "account", "kind", "no-seed", "public"],
)
def test_anything_else_is_refused_without_saying_what_it_was(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(text)
    assert str(raised.value) == "tasks.nkey must stand for the seed of a NATS user, which begins with SU"


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=\n", max_size=60) | st.text(max_size=60))
def test_whatever_the_text_nothing_else_is_raised(text: str) -> None:
    try:
        key = read(text)
    except ConfigurationError:
        return
    assert len(key.public) == 56


@given(st.binary(min_size=32, max_size=32))
def test_every_seed_is_read_in_one_way_only(seed: bytes) -> None:
    text = seed_of(seed)
    assert read(text).public == nkey(bytes([20 << 3]), raw(read(text))[1:33])
    for other in (text[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if letter != text[-1]):
        with pytest.raises(ConfigurationError):
            read(other)


def test_a_credentials_file_holds_a_token_and_a_seed() -> None:
    found = read_credentials(CREDENTIALS.replace("\n", "\r\n"), "tasks.credentials")
    assert (found.token, found.key.public) == ("aaa.bbb.c-_", read(SEED).public)


@pytest.mark.parametrize("gone", ["BEGIN NATS USER JWT", "END USER NKEY SEED", "aaa.bbb.c-_", SEED])
def test_a_credentials_file_that_lacks_something_is_refused_without_saying_what_it_held(gone: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_credentials(CREDENTIALS.replace(gone, ""), "tasks.credentials")
    assert "tasks.credentials must stand for a NATS credentials file" in str(raised.value)
    assert SEED not in str(raised.value)
