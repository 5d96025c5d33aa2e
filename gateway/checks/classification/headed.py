"""A heading of a table that is read as the words it is made of, as keys are: whose it is or which (`emp_`, `Home`), the
words that are known, and what says no more than they do (`No.`, `(mm/dd/yyyy)`)."""

import re
from collections.abc import Iterable, Iterator

from gateway.checks.classification.labels import WORD
from gateway.checks.classification.recognizer import entries

LONGEST_HEADING = 40
"""Characters of the longest heading that is read so."""
_MOST_WORDS = 6
_BRACKETS = re.compile(r"[ _]?[(\[][^()\[\]]{0,24}[)\]]\Z")
_MARKS = " \t\r\"'*`"
_TAIL = _MARKS + ".:#0123456789"
_CLOSING = (")", "]")
WHOSE = frozenset(
    entries(
        "patient patients patient's pat pt person customer cust client employee emp worker member mbr memb "
        "subscriber subs insured guarantor guar spouse contact user usr owner holder applicant borrower tenant "
        "guest student pupil staff provider prov physician doctor dr nurse rendering referring attending billing "
        "shipping mailing bill ship home work office business biz mobile cell personal private residence "
        "residential primary secondary main alt alternate alternative other emergency current previous prior old "
        "new default my your his her their payer payee beneficiary benef dependent dep parent mother father child "
        "guardian caller sender recipient from to source target destination dest debtor creditor buyer seller "
        "vendor supplier agent driver passenger traveler daytime day evening night first second 1st 2nd full "
        "legal us party policyholder cardholder accountholder partner lead "
        "hcp participant subject resident claimant donor voter kunde kunden"
    )
)
"""What is said before a heading's own words, of whom or of which of several."""
_NO_MORE = frozenset(
    entries(
        "number no nr num nbr numb value text txt raw string str home work mobile cell office business day daytime "
        "evening night main primary secondary alt other personal full us clean e164 yyyymmdd mmddyyyy ddmmyyyy "
        "formatted plain"
    )
)
"""What is said behind them and names nothing else."""
LINES = frozenset(entries("1 2 line home work main primary"))
"""What is said behind the heading of a column that no label names."""
_COUNTS = frozenset(
    entries(
        "total totals count counts num number sum avg average mean median max min has is with without no not per by "
        "active unique distinct top last4 days months years open closed valid invalid verified masked hashed hash "
        "encrypted avail available balance the a an and or of for in on at if when this that any each every"
    )
)
"""What makes of somebody's number how many there are, or whether one is there; and words of a sentence."""
_SURE = frozenset(
    entries(
        "ssn ssns itin ein fein mrn mrns npi dea dob phone telephone tel fax mobile cellphone acct account iban "
        "passport birthdate birthday birthdt bday imei vin medicare email mail telefon telefono teléfono téléphone "
        "telefoonnummer telefonnummer bsn pesel nino nif dni cpf nir geburtsdatum geboortedatum"
    )
)
"""Single words that name one thing, whatever else a heading says."""
_ANYBODYS = frozenset(entries("acct account mail"))
"""Of these, what much else than somebody has (`gl_account`)."""
_NO_WORDS = frozenset({"health-term", "icd-10", "card-cvv"})
"""Types whose words say too little where another stands beside them (`country_code`)."""


class Reading:
    """What a heading may say: the words that are to be known, and how far they are believed."""

    __slots__ = ("column", "key", "sure")

    def __init__(self, key: str, *, sure: bool, column: bool) -> None:
        self.key, self.sure, self.column = key, sure, column

    def allows(self, kind: str, *, heading: bool) -> bool:
        """Whether a value of this type may stand below it; `heading`: one that no label knows."""
        return self.column if heading else self.sure and kind not in _NO_WORDS


def last_word(heading: str) -> str:
    """The last word of a heading, in small letters (of figures alone a figure); empty where it takes a closer look."""
    plain = heading.rstrip(_TAIL)
    if not plain:
        return "0"
    word = plain[plain.rfind(" ") + 1 :].lstrip(_MARKS)
    if plain[-1:] in _CLOSING:
        return ""
    if "_" in word or "-" in word:
        word = word.replace("-", "_").rpartition("_")[2]
    if not word.isalnum():
        return ""
    small = word.lower()
    return small if word[1:] == small[1:] or word.isupper() else ""


def may_end(words: Iterable[str]) -> frozenset[str]:
    """The words that a heading may end with, where these are known; an empty one that takes a closer look."""
    return frozenset({"", *_NO_MORE, *(word for known in words for word in WORD.findall(known)[-1:])})


def readings(heading: str) -> Iterator[Reading]:
    """What a heading may say, the most of its words first."""
    plain = heading.strip(_MARKS)
    if not 3 <= len(plain) <= LONGEST_HEADING or plain.count(" ") >= _MOST_WORDS:
        return
    bare = _BRACKETS.sub("", plain)
    if "(" in bare or ")" in bare or "=" in bare:
        return
    words = [word.lower() for word in WORD.findall(bare.lower() if bare.isupper() else bare)]
    count = len(words)
    if not 0 < count <= _MOST_WORDS or (count == 1 and bare == plain):
        return
    for end in range(count, 0, -1):
        after = words[end:]
        if after and not (after[0] in _NO_MORE or (after[0].isdigit() and len(after[0]) == 1)):
            return
        for begin in range(end):
            yield _reading(words[:begin], words[begin:end], after)


def _reading(before: list[str], said: list[str], after: list[str]) -> Reading:
    whose = WHOSE.issuperset(before)
    one = said[0] if len(said) == 1 else ""
    known = not one or (one in _SURE and (whose or one not in _ANYBODYS)) or (bool(before) and whose and not after)
    sure = known and (whose or _COUNTS.isdisjoint(before))
    return Reading("".join(said), sure=sure, column=whose and LINES.issuperset(after))
