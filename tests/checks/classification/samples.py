"""Texts to try the engine on: what it finds in every form, what looks like it, and what is made to mislead it."""

from hypothesis import strategies as st

from gateway.checks.classification.bounded import bounded
from gateway.core.errors import FormatError

PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + ("MIIEpAIBAAKCAQEA7bq3" * 3 + "\n") * 14 + "-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIx" * 60 + ".c2lnbmF0dXJl" + "QUJD" * 20
PIECES = (
    "".join(chr(0xE0000 + ord(one)) for one in "card 4111111111111111"),
    "a\ufe00\U000e0101\ufe03\U000e0fff\ufe04\ufe05b",
    "bob.s\u180bmith@exa\ufff3mple.com", "53\u06486-22-\u04838731", "\\udb40\\udc34", "\u2800",
    r"anna\_smith\@example\.org", r"536\-22\-8731", r"ghp\_abcdefghijklmnopqrstuvwxyz0123456789", "\\_",
    "bob.smith@example.com", "(415) 555-0132", "+44 20 7946 0958", "123-45-6789", "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00", "203.0.113.9", "2001:db8::8a2e:370:7334", "Dr. Maria Lopez",
    "Patient: John Q. Smith",
    "MRN: 84736251", "DOB: 03/12/1958", "born on 12 March 1958", "password: hunter2x", "type 2 diabetes",
    "postgres://bob:s3cret@db.example.com/x", "member id: XYZ123456789", "account number 12345678", PEM, JWT,
    "sk-proj-" + "a1B2" * 12, "https://example.com/a?b=" + "c" * 300, "x" * 700,
    "bob\\u0040example.com", "bob%40example.com", "q=bob%2540example.com&amp;x", "bob&#64;example.com",
    "100% of it, AT&T; ", "\\n555-123-4567",
    "１２３-４５-６７８９", "bo\u200bb@example.com", "e\u0301clair", "電話 555-123-4567 です", "\U0001f600", "\ud800",
    "1 2 3 4 5 6 7 8 9", "a@" * 200, "-----BEGIN PRIVATE KEY-----", "eyJ" + "a" * 900, "and then we went home", "\x00",
    "name,dob,mrn\n", "Kelly Roe,06/09/1976,H08823161\n", "| MRN | npi |\n", "| 84736251 | 1234567893 |\n",
    "mrn\tphone\n", "Hospital\n", "Number,last\n", "Medical  Name\n", "Record No.  last\n", "Patient\tx\nID\ty\n",
    "Social\nSecurity  Number: 536228731", "sexual \t", "orientation", "her criminal\r\n> record", "medical", "   ",
    '"socialSecurityNumber": 536228731, ', "PATIENT_NUMBER=4481920 ", "member-ids: XYZ123456789",
    "dbPassword=Secr3tPw",
    ",", ". ", "\n", " ", "\t\n", "\\", "Mr. ", "name: ", "ssn ", "12", "/", "-",
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    pieces = st.one_of(st.sampled_from(PIECES), st.sampled_from((" ", " ", ", ", "\n")), st.text(max_size=12))
    return st.lists(pieces, max_size=24).map("".join)


_SOUP = (
    "1", "23", "-", " ", "/", ".", "(", ")", "+", "x", "@", "a", "B", ":", "mrn ", "call ", "card ", "office", "Dr. ",
    "4111", "555", "_", "é", "—", "\u200b", "３", "\u0301", "\u0483", "\ufff0", "\U000e0031", "\U000e0104",
)  # fmt: skip


def soups() -> st.SearchStrategy[str]:
    """Pieces of numbers and of what stands around them, in any order."""
    return st.lists(st.sampled_from(_SOUP), max_size=200).map("".join)


_ATOMS = ("a", "B", "0", "[ab]", "[0-9]", r"\d", "[^ -]", "-", " ", ".", "(?:ab|0)", "(?i:a|b0)", r"\w", r"\s")
_TIMES = ("", "", "{2}", "{1,3}", "{0,2}", "?", "{4,9}", "{3}?", "{20,40}")


def own_patterns() -> st.SearchStrategy[str]:
    """Patterns that a file of an operator's own may hold, over few characters."""
    items = st.lists(st.tuples(st.sampled_from(_ATOMS), st.sampled_from(_TIMES)).map("".join), min_size=0, max_size=3)
    ends = st.sampled_from(("", "", r"\b", r"\B"))
    first = st.sampled_from(("ab0", "[ab]{3}", "a-?0B", r"\d{3,20}", "(?:ab|0-){2}", "b{3,50}"))
    return st.tuples(ends, first, items.map("".join), ends).map("".join).filter(_accepted)


def _accepted(pattern: str) -> bool:
    try:
        bounded(pattern)
    except FormatError:
        return False
    return True


def own_texts() -> st.SearchStrategy[str]:
    """Texts of the same few characters, some longer than a window."""
    pieces = st.sampled_from(
        ("a", "b", "ab", "ab0", "a0B", "-", " ", "0", "0-", "000", "bbb", "B", "\n", "b" * 60, ". ")
    )
    return st.lists(pieces, max_size=120).map("".join)
