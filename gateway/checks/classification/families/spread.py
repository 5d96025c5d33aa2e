"""Card and social security numbers whose groups stand further apart than is usual: by more blanks than one, a tab,
a dash between blanks, the end of a line; or by another sign than usual.

So do the figures of a table. Without a word a card is one only in the groups of a card, by its check, with no other
figure beside it, no tab and one line's end at most in it; a social security number only with dashes.
"""

from gateway.checks.classification.recognizer import NUMBER, Label, Recognizer

_LINE = r"-?\r?\n(?:> ?){0,2}"
"""The end of a line, behind a hyphen or not, and how a reply quotes the next one."""
_WIDE = rf"(?: {{1,4}}|{_LINE}| ?- ?)"
_NAMED = rf"(?: {{1,4}}|\t|{_LINE}| ?- ?)"
_ANY = rf"(?: {{1,4}}|\t|{_LINE}| ?[\-./_\xB7] ?)"
"""Behind a word that names the number, by slashes, underscores and dots, too."""
_WRAPPED = r"-\r?\n(?:> ?){0,2}"
_DASHED = (
    r"[0-9]{3}(?: {1,2}- {0,2}[0-9]{2} {1,2}- {0,2}|- {1,2}[0-9]{2}- {1,2}|"
    rf"-[0-9]{{2}}{_WRAPPED}|{_WRAPPED}[0-9]{{2}}-)[0-9]{{4}}"
)


def _card(between: str) -> str:
    """The groups in which a card is printed."""
    return f"[0-9]{{4}}(?:(?:{between}[0-9]{{4}}){{3}}|{between}[0-9]{{6}}{between}[0-9]{{5}})"


LABELS = (
    Label(
        id="card-spread-labelled",
        lexicon="card",
        type="card",
        value=_card(_ANY),
        check="card_labelled",
        gap=12,
        score=0.9,
        more=False,
    ),
    Label(
        id="us-ssn-spread-labelled",
        lexicon="ssn",
        type="us-ssn",
        value=f"[0-9]{{3}}{_NAMED}[0-9]{{2}}{_NAMED}[0-9]{{4}}",
        check="nine_digits",
        gap=12,
        score=0.9,
        more=False,
    ),
)


def _signed(sign: str) -> str:
    return f"[0-9]{{4}}(?:(?:{sign}[0-9]{{4}}){{3}}|{sign}[0-9]{{6}}{sign}[0-9]{{5}})"


_SIGN = r" ?\xB7 ?"
_SIGNED = rf"\b(?:{_signed('/')}|{_signed(_SIGN)})\b"

RECOGNIZERS = (
    Recognizer(
        # A slash, or one sign that is neither a letter nor ASCII (`\xB7`, a bullet), between its groups. Not in a path.
        id="card-signed",
        type="card",
        pattern=f"{_SIGNED}/?",
        gate=_SIGNED,
        check="signed_card",
        cleared="/",
        joints=NUMBER + "/",
        score=0.85,
        reason="luhn",
    ),
    Recognizer(
        id="us-ssn-signed",
        type="us-ssn",
        pattern=r"\b[0-9]{3}\xB7[0-9]{2}\xB7[0-9]{4}\b",
        gate=r"\b[0-9]{3}\xB7[0-9]{2}\xB7[0-9]{4}\b",
        check="signed_ssn",
        joints=NUMBER,
        score=0.85,
    ),
    Recognizer(
        # A figure before it and one behind it are taken in with it, for the check to refuse.
        id="card-spread",
        type="card",
        pattern=rf"\b(?:[0-9]{{1,9}}{_WIDE})?{_card(_WIDE)}(?:{_WIDE}[0-9]{{1,9}})?\b",
        gate=rf"\b[0-9]{{4}}{_WIDE}[0-9]{{4}}(?:{_WIDE}[0-9]{{4}}|[0-9]{{2}}{_WIDE}[0-9]{{5}}\b)",
        check="spread_card",
        joints=NUMBER,
        score=0.85,
        reason="luhn",
    ),
    Recognizer(
        id="us-ssn-spread",
        type="us-ssn",
        pattern=rf"\b{_DASHED}\b",
        gate=rf"\b{_DASHED}",
        check="ssn",
        joints=NUMBER,
        score=0.85,
    ),
)
