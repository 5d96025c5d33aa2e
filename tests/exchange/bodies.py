"""Messages with findings, and what each holds, written down by hand: what policy is compared on."""

from typing import NamedTuple


class Body(NamedTuple):
    """A text; the classes that are found in it; each value in it with its type."""

    text: str
    classes: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


BODIES = (
    Body("The library opens at nine."),
    Body("Please write to jane.roe@example.com.", ("pii",), (("jane.roe@example.com", "email"),)),
    Body("Pay with card 4111 1111 1111 1111.", ("pci",), (("4111 1111 1111 1111", "card"),)),
    Body("The form says SSN: 536-22-8731, please file it.", ("pii",), (("536-22-8731", "us-ssn"),)),
    Body(
        "Mr. John Carter, MRN 4481920, was diagnosed with diabetes.",
        ("phi", "pii"),
        (("John Carter", "person"), ("4481920", "mrn"), ("diabetes", "health-term")),
    ),
    Body("Log in with the key AKIAZEBRAFINCHQ7EXMP today.", ("secret",), (("AKIAZEBRAFINCHQ7EXMP", "secret-aws-key"),)),
    Body(
        "Write to jane.roe@example.com or charge 4111 1111 1111 1111.",
        ("pci", "pii"),
        (("jane.roe@example.com", "email"), ("4111 1111 1111 1111", "card")),
    ),
    Body(
        "He is a practising Catholic and votes for the Labour party.",
        ("special-category",),
        (("Catholic", "special-religion"),),
    ),
    Body(
        "Ms. Ada Bell, born on 03/12/1958, has asthma.",
        ("phi", "pii"),
        (("Ada Bell", "person"), ("03/12/1958", "date-of-birth"), ("asthma", "health-term")),
    ),
)
_IDENTIFIERS = frozenset({"email", "us-ssn", "person", "mrn", "date-of-birth"})
MASKED = {
    "pii": _IDENTIFIERS,
    "phi": _IDENTIFIERS | {"card"},
    "pci": frozenset({"card"}),
    "secret": frozenset({"secret-aws-key"}),
    "special-category": frozenset({"special-religion"}),
}
"""Class → what a mask of it takes away, of the types above; a class that is not here has nothing to mask."""
