"""Encryption to public keys: what is written opens for each recipient, here and with the stock program, and for nobody
else; whatever was changed or cut does not open at all."""

import io
import subprocess
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.core.errors import FormatError, VerificationError
from gateway.evidence.age import (
    MAX_RECIPIENTS,
    Recipient,
    decrypt,
    encrypt,
    parse_identities,
    parse_recipient,
    parse_recipients,
    recipient_lines,
)
from gateway.evidence.container import is_encrypted
from tests.services import program

PLAIN = bytes(range(256)) * 700
"""Of more than two of age's pieces of 64 KiB, the last one not whole."""


def pair() -> tuple[str, str]:
    """A public and a private key of age, as text."""
    made = pyrage.x25519.Identity.generate()
    return str(made.to_public()), str(made)


def ssh_pair(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> tuple[str, bytes]:
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return public, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def encrypted(*recipients: Recipient, plain: bytes = PLAIN) -> bytes:
    target = io.BytesIO()
    encrypt(io.BytesIO(plain), target, recipients)
    return target.getvalue()


def decrypted(data: bytes, identity: bytes) -> bytes:
    target = io.BytesIO()
    decrypt(io.BytesIO(data), target, parse_identities(identity))
    return target.getvalue()


def test_each_recipient_opens_it_and_nobody_else() -> None:
    ours, others = [pair(), pair()], pair()
    data = encrypted(*parse_recipients([public for public, _ in ours]))
    assert is_encrypted(io.BytesIO(data))
    assert not is_encrypted(io.BytesIO(PLAIN))
    for _, private in ours:
        assert decrypted(data, f"# made by a test\n\n{private}\n".encode()) == PLAIN
        assert pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(private)]) == PLAIN
    with pytest.raises(VerificationError, match=r"^encryption: no identity that was given opens it"):
        decrypted(data, others[1].encode())


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa"])
def test_an_ssh_key_is_a_recipient_whatever_its_comment_and_is_named_by_its_fingerprint(
    kind: str, tmp_path: Path
) -> None:
    made = rsa.generate_private_key(65537, 2048) if kind == "ssh-rsa" else ed25519.Ed25519PrivateKey.generate()
    public, private = ssh_pair(made)
    recipient = parse_recipient(f"{public} somebody@example.org")
    assert recipient == Recipient(public)
    assert decrypted(encrypted(recipient), private) == PLAIN
    (tmp_path / "key.pub").write_text(public)
    listed = [program("ssh-keygen", "SSH", "openssh-client"), "-l", "-f", str(tmp_path / "key.pub")]
    shown = subprocess.run(listed, capture_output=True, check=True).stdout
    assert recipient.name == f"{kind} {shown.decode().split()[1]}"


def test_an_age_key_is_named_by_itself_in_one_spelling() -> None:
    public, _ = pair()
    assert parse_recipient(f" {public.upper()}\n").name == public


def test_the_stock_program_opens_what_is_written_and_writes_what_is_opened(tmp_path: Path) -> None:
    age = program("age", "AGE", "age")
    public, private = pair()
    (tmp_path / "identity").write_text(f"{private}\n")
    (tmp_path / "ours").write_bytes(encrypted(parse_recipient(public)))
    opened = subprocess.run([age, "-d", "-i", "identity", "ours"], cwd=tmp_path, capture_output=True, check=True)
    assert opened.stdout == PLAIN
    theirs = subprocess.run([age, "-r", public], input=PLAIN, cwd=tmp_path, capture_output=True, check=True)
    assert decrypted(theirs.stdout, private.encode()) == PLAIN
    armored = subprocess.run([age, "-a", "-r", public], input=PLAIN, capture_output=True, check=True).stdout
    assert is_encrypted(io.BytesIO(armored))
    assert decrypted(armored, private.encode()) == PLAIN


def test_whatever_was_changed_or_cut_does_not_open() -> None:
    public, private = pair()
    data = encrypted(parse_recipient(public))
    head = data.index(b"\n--- ")
    pieces = range(len(data) - 1, head, -(64 * 1024 + 16))
    for place in (3, 25, 60, head + 2, head + 60, *pieces, len(data) // 2):
        with pytest.raises(VerificationError, match=r"^encryption: "):
            decrypted(data[:place], private.encode())
        with pytest.raises(VerificationError, match=r"^encryption: "):
            decrypted(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], private.encode())
    with pytest.raises(VerificationError, match=r"^encryption: "):
        decrypted(data + b"\0", private.encode())


@pytest.mark.parametrize(
    "text",
    ["", " ", "age1", "age1qqq", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa !!!", "ssh-dss AAAAB3", "a" * 5_000, "\0"],
)
def test_what_is_no_recipient_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_recipients([text])
    assert str(caught.value).startswith("recipient 1: a recipient must be age1…")
    assert len(text) < 5 or text == "ssh-ed25519" or text not in str(caught.value)


def test_a_private_key_in_place_of_a_public_one_is_refused_and_never_repeated() -> None:
    _, private = pair()
    with pytest.raises(FormatError) as caught:
        parse_recipient(private)
    assert private not in str(caught.value)


def test_recipients_are_named_once_and_not_without_end() -> None:
    public, _ = pair()
    for texts in ([public, public.upper()], [pair()[0] for _ in range(MAX_RECIPIENTS + 1)]):
        with pytest.raises(FormatError):
            parse_recipients(texts)
    with pytest.raises(ValueError, match="nobody"):
        encrypted()


def test_a_file_of_recipients_has_comments_and_empty_lines() -> None:
    public, _ = pair()
    assert recipient_lines(f"# the auditor\n\n {public}\r\n".encode()) == [public]
    with pytest.raises(FormatError):
        recipient_lines(b"\xff")


@pytest.mark.parametrize(
    "data", [b"", b"# nothing\n", b"AGE-SECRET-KEY-1QQ", b"-----BEGIN OPENSSH PRIVATE KEY-----", b"\xff"]
)
def test_what_is_no_identity_is_refused_and_identities_are_never_shown(data: bytes) -> None:
    with pytest.raises(FormatError, match="a file of identities must hold"):
        parse_identities(data)
    _, private = pair()
    assert repr(parse_identities(private.encode())) == "Identities(1)"


class Failing(io.BytesIO):
    """A file of a disk that fails."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(5, "the disk")

    def write(self, data: object) -> int:
        raise OSError(28, "the disk")


def test_what_files_raise_is_raised_and_not_taken_for_a_defect() -> None:
    public, private = pair()
    recipients, identities = [parse_recipient(public)], parse_identities(private.encode())
    for source, target in ((Failing(), io.BytesIO()), (io.BytesIO(PLAIN), Failing())):
        with pytest.raises(OSError, match="the disk"):
            encrypt(source, target, recipients)
    for source, target in ((Failing(), io.BytesIO()), (io.BytesIO(encrypted(*recipients)), Failing())):
        with pytest.raises(OSError, match="the disk"):
            decrypt(source, target, identities)


def test_who_is_told_how_far_it_is_may_end_it() -> None:
    def end() -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError):
        encrypt(io.BytesIO(PLAIN), io.BytesIO(), [parse_recipient(pair()[0])], end)
