"""What proxies say of certificates is read strictly: one certificate in its one spelling, or nothing."""

import base64
import hashlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.shown import MAX_HEADER, client_cert, forwarded_client_cert
from tests.checks.identity.certifying import SPIFFE, Authority

LEAF = Authority().issue(uris=[SPIFFE])
HASH = hashlib.sha256(LEAF.der).hexdigest()
CERT = quote(LEAF.pem.decode(), safe="").encode()
SEQUENCE = b":" + base64.b64encode(LEAF.der) + b":"


def test_a_client_cert_is_a_byte_sequence() -> None:
    assert client_cert(SEQUENCE) == LEAF.der
    assert client_cert(b" " + SEQUENCE + b"\t") == LEAF.der
    assert client_cert(b":AA==:") == b"\0"


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b":", b"::", b":AB==:", b":A:", b":AAA=", b"AAAA", b":AAAA:;a=1", b":AAAA:, :AAAA:", b"?1", b":AA AA:"),
        *(b":AAA-:", b":AAAA:\n", b"\x0b:AAAA:", b'"AAAA"', b":" + b"A" * MAX_HEADER + b":"),
    ],
)
def test_anything_else_is_none(value: bytes) -> None:
    assert client_cert(value) is None


@pytest.mark.parametrize(
    "value",
    [
        b"Cert=" + CERT,
        b'Cert="' + CERT + b'"',
        b'By=spiffe://a/b;Hash=%s;Subject="CN=a,O=\\"b\\";";URI=%s;Cert="%s";Chain="x"'
        % (HASH.encode(), SPIFFE.encode(), CERT),
        b"cert=%s;HASH=%s" % (CERT, HASH.upper().encode()),
        b"DNS=a;DNS=b;Cert=" + CERT,
    ],
    ids=range(5),
)
def test_an_element_of_envoys_holds_a_certificate(value: bytes) -> None:
    assert forwarded_client_cert(value) == LEAF.der


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"URI=" + SPIFFE.encode(),  # believed of nobody: neither its authority nor its revocation could be looked at
        b"Hash=" + HASH.encode(),
        b"Cert=" + CERT + b",Cert=" + CERT,
        b"Cert=" + CERT + b",By=x",
        b"Cert=" + CERT + b";Cert=" + CERT,
        b"Cert=" + CERT + b";Hash=" + b"0" * 64,
        b"Cert=" + CERT + b";",
        b";Cert=" + CERT,
        b"Cert=" + CERT + b";Other=1",
        b"Cert =" + CERT,
        b'Cert="' + CERT,
        b"Cert=" + CERT + CERT,
        b"Cert=" + LEAF.der.hex().encode(),
        b"Cert=%zz" + CERT,
        b"Cert=" + quote(LEAF.pem.decode() + LEAF.pem.decode(), safe="").encode(),
        b"Cert=" + CERT + b";By=" + b"a" * MAX_HEADER,
    ],
    ids=range(17),  # the certificate is another one in each process, which must find the same tests
)
def test_anything_else_of_envoys_is_none(value: bytes) -> None:
    assert forwarded_client_cert(value) is None


@given(st.one_of(st.binary(max_size=80), st.text('=;,"\\ %:A', max_size=30).map(str.encode)))
def test_no_value_raises(value: bytes) -> None:
    for text in (value, b":" + value + b":", b"Cert=" + value, b"Cert=" + CERT + b";" + value):
        found = client_cert(text)
        assert found is None or text.strip(b" \t") == b":" + base64.b64encode(found) + b":"
        assert forwarded_client_cert(text) in (None, LEAF.der)
