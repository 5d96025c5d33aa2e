"""What a message asks for at its end: a short one behind it answers.

A sentence asks that is a question, ends with a colon, or has a word of a request (`Please give me …`, `I need …`). What
it asks for are the words in it that name a value, several of them where it asks for several things; what it says in
between and behind is left away, for a label must stand right before its value.
"""

import re
from collections.abc import Container

from gateway.checks.classification.labels import LONGEST_LABEL, SECRETS

_ASKED = 400
"""Characters of the end of a message in which it is looked for."""
_SENTENCE = re.compile(r"[^.!?\n:\uff1f\uff1a]+(?:[.!?:\uff1f\uff1a]+|\n|\Z)")
_ENDS = ("?", ":", "\uff1f", "\uff1a")
_REQUEST = re.compile(
    r"\b(?:please|kindly|provide|(?:give|tell|send|show) (?:me|us)|share|enter|confirm|need|"
    r"let (?:me|us) (?:have|know)|bitte|nennen|por favor|indique|veuillez|indiquez|s['\u2019]il vous pla[i\u00ee]t|"
    r"per favore|indichi|graag|alstublieft|prosz[e\u0119]|v[\u00e4a]nligen|informe)\b",
    re.IGNORECASE,
)
_GIVE = re.compile(r"\b(?:provide|give|tell|send|share|enter|type|need|nennen|geben|indi\w+)\b", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|never|without|nicht|keine?n?|niemals|niet|jamais|nunca|mai|aldrig|nigdy|please note)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_PERSON = (
    r"(?:you|he|she|they|the (?:patient|customer|client|member|child|baby)|(?:mr|mrs|ms)\b|"
    r"your (?:mother|father|husband|wife|spouse|partner|son|daughter|child|parent))\b"
)
_AGE = re.compile(
    rf"how old (?:are|is|was|were) {_PERSON}|wie alt (?:sind|ist|bist|war) (?:sie|er|du|ihre?|d(?:er|ie) pat)|"
    r"quel \u00e2ge|cu\u00e1ntos a\u00f1os|quanti anni|quantos anos|hoe oud (?:bent|is|ben)|hur gammal|hvor gammel|"
    r"ile .{0,12}\blat\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"wie hei(?:\u00df|ss)(?:en|t|es)?t? (?:sie|du|er|der pat|die pat|ihre?)|"
    r"c[o\u00f3]mo (?:se llama|te llamas)|comment (?:vous appelez|[ts]['\u2019]appelles?)|"
    r"come (?:si chiama|ti chiami)|como se chama|hoe heet|va?d? heter|hvad? (?:heter|hedder)|"
    r"jak (?:si\u0119|ma) pan|whom? am i (?:speaking|talking)|"
    r"who is (?:this|calling|the patient)|what (?:should|may|can) i call you",
    re.IGNORECASE,
)
_NAMES = frozenset(
    ("name", "names", "fullname", "firstname", "lastname", "surname", "nombre", "apellido", "apellidos", "nom",
     "pr\u00e9nom", "nome", "cognome", "naam", "namn", "navn", "imi\u0119", "nazwisko", "vorname", "nachname")
)  # fmt: skip
_FIRMS = frozenset(
    ("company", "business", "firm", "employer", "brand", "organization", "organisation", "bank", "street")
)
_SECRET = frozenset(word.replace(" ", "") for word in SECRETS)
_LONGEST, _BEFORE, _MOST = 6, 2, 3
"""Words of what names a value, those before it that say whose it is, and how many are read."""


def asked(text: str, known: Container[str], answer: str) -> str:
    """What a message that ends with this text asks for, as words that would stand before the answer; empty for nothing.
    `known`: the words that name a value, letters and digits alone."""
    text = text[-_ASKED:].rstrip("*_` \n\"')")
    sentences = [found[0].strip() for found in _SENTENCE.finditer(text)]
    for sentence in reversed(sentences):
        question = sentence.endswith(_ENDS)
        if not question and (_REQUEST.search(sentence) is None or _NOT.search(sentence) is not None):
            continue
        if _AGE.search(sentence) is not None:
            return "age"
        if _NAME.search(sentence) is not None:
            return "name"
        title = _named_in(sentence, known)
        if title and (question or not title.endswith(SECRETS) or _gives(sentence, answer)):
            return title
    return sentences[-1] if sentences and text.endswith(_ENDS) else ""


def _gives(sentence: str, answer: str) -> bool:
    """Whether an answer to what is no question is a password: it asks for one, and is not about one, and a single word
    comes back."""
    return " " not in answer.strip() and _GIVE.search(sentence) is not None


def _named_in(sentence: str, known: Container[str]) -> str:
    """The words of a sentence that name values, each with what stands before it."""
    words = "".join(one if one.isalnum() else " " for one in sentence.lower()).split()
    found: list[str] = []
    place = done = 0
    while place < len(words):
        length = next(
            (size for size in range(min(_LONGEST, len(words) - place), 0, -1) if _names(words, place, size, known)), 0
        )
        if length:
            found.append(" ".join(words[max(done, place - _BEFORE) : place + length]))
            done = place + length
        place += length or 1
    # A name stands right behind its word, what a number may stand further away from.
    found = sorted(found[-_MOST:], key=lambda one: one.rpartition(" ")[2] in _NAMES)
    kept = ""
    for one in reversed(found):
        more = f"{one} {kept}".rstrip()
        if len(more) > LONGEST_LABEL:
            break
        kept = more
    return kept


def _names(words: list[str], place: int, size: int, known: Container[str]) -> bool:
    word = "".join(words[place : place + size])
    if word in _NAMES:
        return not place or words[place - 1] not in _FIRMS
    return word in known or word in _SECRET
