"""Payment cards, bank accounts."""

from gateway.checks.classification.families.regrouped import DOTTED
from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Near, Recognizer, words

_EXPIRY = r"(?:0[1-9]|1[0-2]) ?[/\-] ?(?:20)?[0-9]{2}"
_BESIDE = r"[ ,;|/\t]{1,3}"
_BEHIND = rf"[0-9]{{4}}[ \-]?[0-9]{{2,5}}{_BESIDE}"
_FOURTEEN = r"[0-9](?:[ \-]?[0-9]){13}"
"""No card's number is shorter."""

_BIC = "[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"
_TRACK = r"[0-9]{12,19}(?:\^[^^\n]{2,26}\^|=)[0-9]{4}"
_LONG_NUMBER = r"\b[0-9](?:[ \-]?[0-9]){13,18}"
_TOLD = r"[ ,;|/\t(]{1,3}(?i:exp(?:iry|ires|iration)?)\.?(?i: date)?[:= ]{1,3}"
_NEXT = r"[ ,;/(|]{1,3}"

_BEHIND_BRANCH = r"[0-9]{3}[ ,;|/\n]{1,3}(?i:acc?t?)\.?(?i: ?(?:no|number|#))?[.: ]{1,3}"

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
        id="bank",
        words=words(
            "bank account, bank account number, bank account no, checking account, savings account, current account, "
            "deposit account, direct deposit, kontonummer, konto, kontonr, konto-nr, konto-nr., bankleitzahl, blz, "
            "bankverbindung, sort code, routing number, routing no, routing no., routing #, aba, aba number, "
            "bank details, numéro de compte, compte bancaire, rib, cuenta bancaria, número de cuenta, conto corrente, "
            "conto bancario, rekeningnummer, bankkonto, numer konta, kontonummer:, bsb, bsb number, bsb no, clabe, "
            "clabe interbancaria, depotnummer, depot-nr, depot-nr., wertpapierdepot, n° de compte, no de compte"
        ),
    ),
    Lexicon(
        id="bic",
        words=words(
            "bic, bicfi, swift, bic/swift, swift/bic, swift code, bic code, swift-bic, iban, bank identifier code, "
            "codice bic, "
            "código bic, code bic, bic-code, swift-code, código swift, codice swift, code swift, "
            "swift/bic-kod, bic-kod, kod swift, kod bic"
        ),
    ),
    Lexicon(
        id="cvv",
        words=words(
            "cvv, cvv2, cvc, cvc2, csc, cid, cvn, security code, sec code, sec. code, card verification, "
            "verification code, cvv code, cvc code, cvv number, kartenprüfnummer, prüfnummer, cryptogramme, "
            "cryptogramme visuel, código de seguridad, codice di sicurezza"
        ),
    ),
)

LABELS = (
    Label(
        id="card-labelled",
        lexicon="card",
        type="card",
        value=r"[0-9](?:[ .\-]?[0-9]){11,18}",
        check="card_labelled",
        score=0.95,
    ),
    Label(
        id="card-expiry",
        lexicon="expiry",
        type="card-expiry",
        value=_EXPIRY,
        gap=10,
        more=False,
    ),
    Label(
        id="bank-account",
        lexicon="bank",
        type="bank-account",
        value=rf"{DOTTED}|[0-9](?:[ \-]?[0-9]){{5,23}}",
        check="apart_account",
        score=0.9,
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
        id="card-dotted",
        type="card",
        pattern=r"\b[0-9]{4}(?:(?:\.[0-9]{4}){3}|\.[0-9]{6}\.[0-9]{5})\b",
        gate=r"\b[0-9]{4}(?:(?:\.[0-9]{4}){3}|\.[0-9]{6}\.[0-9]{5})\b",
        check="card",
        joints=NUMBER,
        score=0.9,
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
        # A magnetic stripe (ISO/IEC 7813): number, name (track 1), expiry and what verifies it go together.
        id="card-track",
        type="card",
        pattern=rf"(?:%?[Bb]|;|\b){_TRACK}[0-9A-Za-z ]{{0,32}}\??",
        gate=r"[0-9]{12}(?:\^[^^0-9\n]|=[0-9]{4})",
        check="track",
        score=0.97,
        reason="luhn",
    ),
    Recognizer(
        # What is printed on the card after its number; a date with a day goes on.
        id="card-expiry-beside",
        type="card-expiry",
        pattern=rf"{_BEHIND}((?:0[1-9]|1[0-2])/(?:20)?[0-9]{{2}})\b",
        gate=rf"{_BEHIND}(?:0[1-9]|1[0-2])/[0-9]{{2}}",
        joints="/",
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="card-expiry-slashed",
        type="card-expiry",
        pattern=rf"{_BEHIND}((?:0[1-9]|1[0-2])/[0-9]{{2}})/[0-9]{{3}}\b",
        gate=rf"{_BEHIND}(?:0[1-9]|1[0-2])/[0-9]{{2}}/[0-9]{{3}}\b",
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="card-cvv-beside",
        type="card-cvv",
        pattern=(rf"{_BEHIND}(?:0[1-9]|1[0-2])/(?:20)?[0-9]{{2}}[ ,;|\t][ ,;|/\t]{{0,2}}([0-9]{{3,4}})\b"),
        gate=rf"{_BEHIND}(?:0[1-9]|1[0-2])/(?:20)?[0-9]{{2}}[ ,;|\t][ ,;|/\t]{{0,2}}[0-9]{{3}}",
        joints=NUMBER,
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="card-cvv-slashed",
        type="card-cvv",
        pattern=rf"{_BEHIND}(?:0[1-9]|1[0-2])/[0-9]{{2}}/([0-9]{{3}})\b",
        gate=rf"{_BEHIND}(?:0[1-9]|1[0-2])/[0-9]{{2}}/[0-9]{{3}}\b",
        joints=NUMBER,
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        # `4111 … exp 0927`: behind a word alone that says too little, behind so many digits it is a card's.
        id="card-expiry-told",
        type="card-expiry",
        pattern=rf"{_LONG_NUMBER}{_TOLD}((?:0[1-9]|1[0-2])[/\-]?(?:20)?[2-4][0-9]|[1-9]/(?:20)?[2-4][0-9])\b",
        gate=rf"[0-9]{_TOLD}[01]?[0-9]",
        joints=NUMBER,
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="card-expiry-run",
        type="card-expiry",
        pattern=r"\b[3-6][0-9]{14,15}/((?:0[1-9]|1[0-2])[2-4][0-9])\b",
        gate=r"[0-9]{14}/(?:0[1-9]|1[0-2])[2-4][0-9]\b",
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="card-cvv-run",
        type="card-cvv",
        pattern=r"\b[3-6][0-9]{14,15}/(?:0[1-9]|1[0-2])[2-4][0-9]/([0-9]{3,4})\b",
        gate=r"[0-9]{14}/(?:0[1-9]|1[0-2])[2-4][0-9]/[0-9]{3}",
        joints=NUMBER,
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        # As lists of cards have it: `number|month|year|code`.
        id="card-expiry-barred",
        type="card-expiry",
        pattern=r"\b[0-9]{12,19}\|((?:0[1-9]|1[0-2])\|(?:20)?[0-9]{2})\b",
        gate=r"[0-9]{12}\|(?:0[1-9]|1[0-2])\|(?:20)?[0-9]{2}\b",
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="card-cvv-barred",
        type="card-cvv",
        pattern=r"\b[0-9]{12,19}\|(?:0[1-9]|1[0-2])\|(?:20)?[0-9]{2}\|([0-9]{3,4})\b",
        gate=r"[0-9]{12}\|(?:0[1-9]|1[0-2])\|(?:20)?[0-9]{2}\|[0-9]{3}",
        joints=NUMBER,
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        # An Australian account behind its branch; `acc` alone says too little.
        id="account-behind-bsb",
        type="bank-account",
        pattern=rf"(?i:bsb)[:# ]{{1,3}}[0-9]{{3}}[ \-]?{_BEHIND_BRANCH}([0-9]{{5,10}})\b",
        gate=rf"{_BEHIND_BRANCH}[0-9]{{5}}",
        score=0.9,
        reason="beside",
    ),
    Recognizer(
        # Words in capitals look the same: one near by must say what it is.
        id="bic",
        type=None,
        pattern=rf"\b{_BIC}\b",
        gate=rf"\b{_BIC}\b",
        near=(Near(lexicon="bic", type="bic", score=0.9, before=40, after=12, check="bic"),),
    ),
    Recognizer(
        # The tags of SWIFT's MT messages that name a bank, an account before it or not.
        id="bic-swift-tag",
        type="bic",
        pattern=rf":5[0-9][AD]:(?:/[A-Z0-9/]{{1,34}}\r?\n)?({_BIC})\b",
        gate=r":5[0-9][AD]:[/A-Z]",
        check="bic",
        score=0.9,
        reason="segment",
    ),
    Recognizer(
        # Behind an account's number, which parts it from the word that names both.
        id="bic-behind-iban",
        type="bic",
        pattern=rf"\b[A-Z]{{2}}[0-9]{{2}}(?: ?[A-Z0-9]){{11,30}}{_NEXT}({_BIC})\b",
        gate=rf"[0-9]{_NEXT}{_BIC}\b",
        check="bic",
        score=0.85,
        reason="beside",
    ),
    Recognizer(
        id="iban",
        type="iban",
        pattern=r"\b[A-Za-z]{2}[0-9]{2}(?:[ .\-]?[A-Za-z0-9]){11,34}\b",
        gate=r"\b[A-Za-z]{2}[0-9]{2}(?:[ .\-]?[A-Za-z0-9]){11}",
        check="iban",
        again=True,
        score=0.99,
    ),
)
