"""Payment cards, bank accounts."""

from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Recognizer, words

_FOURTEEN = r"[0-9](?:[ \-]?[0-9]){13}"
"""No card's number is shorter."""

LEXICONS = (
    Lexicon(
        id="card",
        words=words(
            "card, card number, card no, credit card, debit card, cc, credit, debit, visa, mastercard, amex, "
            "american express, discover, diners, jcb, maestro, pan, kreditkarte, karte"
        ),
    ),
    Lexicon(
        id="expiry",
        words=words(
            "exp, expiry, expires, expire, expiration, exp date, expiry date, expiration date, valid thru, good thru"
        ),
    ),
    Lexicon(
        id="cvv", words=words("cvv, cvv2, cvc, cvc2, csc, cid, security code, card verification, verification code")
    ),
)

LABELS = (
    Label(
        id="card-labelled",
        lexicon="card",
        type="card",
        value=r"[0-9](?:[ \-]?[0-9]){11,18}",
        check="card_labelled",
        score=0.95,
    ),
    Label(
        id="card-expiry",
        lexicon="expiry",
        type="card-expiry",
        value=r"(?:0[1-9]|1[0-2]) ?[/\-] ?(?:20)?[0-9]{2}",
        gap=10,
        more=False,
    ),
    Label(id="card-cvv", lexicon="cvv", type="card-cvv", value=r"[0-9]{3,4}", gap=8, more=False),
)

RECOGNIZERS = (
    Recognizer(
        # In groups as they are printed; the check finds a card within, whatever number stands before or behind it.
        id="card",
        type="card",
        pattern=r"\b[0-9]{4}[ \-]?[0-9]{2,6}(?:[ \-]?[0-9]{2,6}){1,3}(?:[ \-][0-9]{1,4})?\b",
        gate=_FOURTEEN,
        check="card",
        joints=NUMBER,
        again=True,
        score=0.95,
        reason="luhn",
    ),
    Recognizer(
        # Digit by digit, however they are set apart.
        id="card-spaced",
        type="card",
        pattern=r"\b[0-9](?:[ \-][0-9]{1,3}){6,18}\b",
        gate=_FOURTEEN,
        check="card",
        joints=NUMBER,
        score=0.9,
        reason="luhn",
    ),
    Recognizer(
        id="iban",
        type="iban",
        pattern=r"\b[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,34}\b",
        gate=r"\b[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11}",
        check="iban",
        again=True,
        score=0.99,
    ),
)
