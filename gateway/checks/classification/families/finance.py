"""Payment cards, bank accounts."""

from gateway.checks.classification.recognizer import Lexicon, Near, Recognizer, words

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

RECOGNIZERS = (
    Recognizer(
        id="card",
        type="card",
        pattern=r"\b[0-9](?:[ \-]?[0-9]){11,18}\b",
        gate="[0-9][0-9]",
        check="card",
        numeric=True,
        near=(Near(lexicon="card", type="card", score=0.95, before=32, after=24, check="card_labelled"),),
        score=0.95,
        reason="luhn",
    ),
    Recognizer(
        id="card-expiry",
        type=None,
        pattern=r"\b(?:0[1-9]|1[0-2]) ?[/\-] ?(?:20)?[0-9]{2}\b",
        gate="[0-9][0-9]",
        numeric=True,
        near=(Near(lexicon="expiry", type="card-expiry", score=0.9, before=16),),
    ),
    Recognizer(
        id="card-cvv",
        type=None,
        pattern=r"\b[0-9]{3,4}\b",
        gate="[0-9][0-9]",
        numeric=True,
        near=(Near(lexicon="cvv", type="card-cvv", score=0.9, before=16),),
    ),
    Recognizer(
        id="iban",
        type="iban",
        pattern=r"\b[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]){11,34}\b",
        gate="[A-Za-z]{2}[0-9]{2}",
        check="iban",
        score=0.99,
    ),
)
