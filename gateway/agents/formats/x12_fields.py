"""Which elements of X12 segments hold what, by the standard (005010 and the HIPAA implementation guides on it).

Elements that are not here, and qualifiers that are not here, are scanned as text.
"""

from collections.abc import Mapping, Sequence

HEALTH = frozenset({"270", "271", "275", "276", "277", "278", "820", "834", "835", "837"})
"""Transaction sets (ST01) of the HIPAA guides: about somebody's health or its payment (45 CFR 162)."""

_PLAIN: Mapping[str, Mapping[int, str]] = {
    "N3": {1: "street-address", 2: "street-address"},
    "N4": {1: "place", 3: "postal-code", 6: "place"},
    "DMG": {2: "date-of-birth", 5: "special-ethnicity"},
    "DTP": {3: "date"},
    "DTM": {2: "date", 6: "date"},
    "PAT": {6: "date"},
    "INS": {12: "date"},
    "PER": {2: "person"},
    "CLM": {1: "account"},
    "CLP": {1: "account", 7: "account"},
    "SBR": {3: "health-plan-id", 4: "organization"},
    "TRN": {2: "account"},
    "PLB": {1: "npi", 2: "date"},
    "BPR": {7: "bank-account", 9: "bank-account", 13: "bank-account", 15: "bank-account", 16: "date"},
    "ACT": {1: "account"},
    "FRM": {4: "date"},
}
_REFERENCES: Mapping[str, str] = {
    **dict.fromkeys(("SY",), "us-ssn"),
    **dict.fromkeys(("EI", "TJ"), "us-ein"),
    "EA": "mrn",
    "HPI": "npi",
    **dict.fromkeys(("0B", "1B", "1C", "1D", "1G", "1H", "G2", "LU", "D3"), "certificate"),
    **dict.fromkeys(
        ("0F", "1L", "1W", "6P", "F6", "IG", "NQ", "MI", "18", "1K", "17", "Q4", "1S", "CE"), "health-plan-id"
    ),
    **dict.fromkeys(
        ("23", "3H", "6R", "9A", "9C", "9F", "D9", "EJ", "EV", "F8", "G1", "BB", "P4", "X4", "Y4", "ZZ", "BLT", "ABY"),
        "account",
    ),
    "BN": "account",
    "VI": "vin",
}  # fmt: skip
"""Reference identification qualifiers (data element 128)."""
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("MI", "II", "N", "HN", "MC", "SV", "ZZ"), "health-plan-id"),
    **dict.fromkeys(("34", "SY"), "us-ssn"),
    **dict.fromkeys(("24", "FI", "46"), "us-ein"),
    "XX": "npi",
    "MR": "mrn",
    "EI": "us-ein",
}
"""Identification code qualifiers (data element 66)."""
_COMMUNICATION: Mapping[str, str] = {
    **dict.fromkeys(("TE", "FX", "CP", "HP", "WP", "AP", "EX", "BN", "PC"), "phone"),
    "EM": "email",
    "UR": "url",
}
"""Communication number qualifiers (data element 365)."""
_ORGANISATIONS = frozenset({"PR", "P5", "RB", "FH", "FA", "2B", "36", "TV", "P3", "NI", "TT", "40", "41", "77", "PV"})
"""Entity identifier codes (data element 98) of N1 that are no persons."""
_HEALTH_TERMS = frozenset({"SV1", "SV2", "SV3", "SVC", "SV5", "UM"})

MAXIMUM: Mapping[tuple[str, int], int] = {
    ("NM1", 3): 60,
    ("NM1", 4): 35,
    ("NM1", 5): 25,
    ("NM1", 6): 10,
    ("NM1", 7): 10,
    ("NM1", 9): 80,
    ("N4", 1): 30,
    ("N4", 2): 2,
    ("N4", 3): 15,
    ("N4", 4): 3,
    ("N4", 6): 30,
    ("DMG", 2): 35,
    ("DMG", 3): 1,
    ("REF", 2): 50,
    ("CLM", 1): 38,
    ("DTP", 3): 35,
}
"""Most characters of an element, where a placeholder might be longer."""
DATES = frozenset({("DTM", 2), ("PLB", 2), ("BPR", 16), ("PAT", 6), ("INS", 12)})
"""Elements of type DT: eight digits or nothing."""


def known_of(segment: str, elements: Sequence[str], index: int) -> str:
    """The finding type of element `index` (`elements[0]` is the segment's name); empty where nothing tells."""
    plain = _PLAIN.get(segment)
    if plain is not None and index in plain:
        return plain[index]
    before = elements[index - 1].strip() if index > 0 else ""
    if segment == "NM1":
        return _named(elements, index, before)
    if segment == "N1":
        return _party(elements, index, before)
    if segment == "REF" and index == 2:
        return _REFERENCES.get(before, "")
    if segment == "PER" and index in (4, 6, 8):
        return _COMMUNICATION.get(before, "")
    return "health-term" if segment in _HEALTH_TERMS and index == 1 else ""


def component_of(segment: str, index: int, components: Sequence[str], component: int) -> str:
    """The finding type of a component (from 1) of a composite element."""
    if segment == "HI":  # health care codes: a qualifier, a code, and perhaps a date
        if component == 2:
            return "icd-10" if components[0] in ("ABK", "ABF", "ABJ", "ABN", "APR") else "health-term"
        return "date" if component in (4,) and len(components) > 3 and components[2] in ("D8", "RD8") else ""
    if segment in _HEALTH_TERMS and index == 1 and component == 7:
        return "health-term"
    return ""


def _named(elements: Sequence[str], index: int, before: str) -> str:
    if index in (3, 4, 5, 6, 7, 12):
        # NM102: 1 is a person; 2 and the others are not. A code that is missing or unknown is taken for a person's.
        return "organization" if elements[2].strip() in ("2", "3", "4", "5", "6", "7", "8") else "person"
    return _NAMES.get(before, "account") if index == 9 else ""


def _party(elements: Sequence[str], index: int, before: str) -> str:
    if index == 2:
        return "organization" if elements[1].strip() in _ORGANISATIONS else "person"
    return _NAMES.get(before, "account") if index == 4 else ""
