"""Numbers that states, hospitals and companies give to people. Most need a word near by that says what they are."""

from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Recognizer, words

LEXICONS = (
    Lexicon(
        id="ssn",
        words=words("ssn, ssns, ss#, social security, social security number, social security no, soc sec, social"),
    ),
    Lexicon(id="itin", words=words("itin, taxpayer identification, taxpayer id")),
    Lexicon(
        id="mrn",
        words=words(
            "mrn, mr#, mr #, medical record, medical record number, medical record no, med rec, medical rec, "
            "chart number, chart no, chart #, patient id, patient number, patient no, patient #, patient identifier, "
            "hospital number, record number, medical id, patientenid, fallnummer, patientennummer"
        ),
    ),
    Lexicon(
        id="plan",
        words=words(
            "member id, member number, member no, member #, health plan, health plan id, plan id, insurance id, "
            "insurance number, insurance no, policy id, policy number, policy no, policy #, subscriber id, "
            "subscriber number, beneficiary id, beneficiary number, medicaid, medicaid id, medicare id, group number, "
            "versichertennummer, krankenversichertennummer, claim number"
        ),
    ),
    Lexicon(
        id="account",
        words=words(
            "account, account number, account no, account #, acct, acct no, acct #, acct number, a/c, bank account, "
            "customer id, customer number, customer no, client id, client number, kontonummer, kundennummer, iban, "
            "routing number, sort code"
        ),
    ),
    Lexicon(
        id="licence",
        words=words(
            "driver license, driver's license, drivers license, driver licence, driver's licence, driving licence, "
            "driving license, driver license number, dl number, dl no, license number, licence number, führerschein"
        ),
    ),
    Lexicon(id="passport", words=words("passport, passport number, passport no, passport #, reisepass")),
    Lexicon(id="npi", words=words("npi, national provider, provider id, provider identifier")),
    Lexicon(id="dea", words=words("dea, dea number, dea no, dea #, dea registration")),
)

_CODE = r"(?:[A-Z]{1,5}[\-#])?[A-Za-z]*[0-9][A-Za-z0-9]*(?:[\-/][A-Za-z0-9]+)*"
_GROUPED = _CODE + r"(?: [0-9]{3,4}\b)*"
_NINE = r"[0-9]{3}[ .\-]?[0-9]{2}[ .\-]?[0-9]{4}"

LABELS = (
    Label(id="us-ssn-labelled", lexicon="ssn", type="us-ssn", value=_NINE, gap=32, check="nine_digits", score=0.95),
    Label(id="us-itin-labelled", lexicon="itin", type="us-itin", value=_NINE, check="nine_digits", score=0.95),
    Label(id="mrn", lexicon="mrn", type="mrn", value=_CODE, check="code", score=0.95),
    Label(id="health-plan-id", lexicon="plan", type="health-plan-id", value=_GROUPED, check="long_code", score=0.95),
    Label(id="account", lexicon="account", type="account", value=_GROUPED, check="long_code", score=0.85),
    Label(
        id="us-driver-license", lexicon="licence", type="us-driver-license", value=_CODE, check="long_code", score=0.85
    ),
    Label(id="us-passport", lexicon="passport", type="us-passport", value=_CODE, check="long_code", score=0.85),
    Label(id="npi", lexicon="npi", type="npi", value="[0-9]{10}", check="npi", score=0.95),
    Label(id="dea", lexicon="dea", type="dea", value="[A-Za-z]{1,2}9?[0-9]{7}", check="dea", score=0.95),
)

RECOGNIZERS = (
    Recognizer(
        id="us-ssn",
        type="us-ssn",
        pattern=r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
        gate=r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}",
        check="ssn",
        joints=NUMBER,
        score=0.95,
    ),
    Recognizer(
        id="us-itin",
        type="us-itin",
        pattern=r"\b9[0-9]{2}-[0-9]{2}-[0-9]{4}\b",
        gate=r"\b9[0-9]{2}-[0-9]{2}-[0-9]{4}",
        check="itin",
        joints=NUMBER,
        score=0.9,
    ),
    Recognizer(
        # CMS: position 1 is 1-9, then letters without S, L, O, I, B, Z and digits in a fixed order, dashes allowed.
        id="mbi",
        type="mbi",
        pattern=(
            r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?"
            r"[AC-HJKMNP-RT-Y]{2}[0-9]{2}\b"
        ),
        gate=r"\b[1-9][A-Y][0-9A-Y][0-9]-?[A-Y][0-9A-Y][0-9]-?[A-Y]{2}[0-9]{2}",
        score=0.9,
    ),
)
