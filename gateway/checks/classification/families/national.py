"""Numbers that states give to people. Those with check digits that say much are found by themselves; the shorter ones,
and any whose check fails, where a word says what they are."""

from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Recognizer, words

_ELEVEN = r"\b[0-9]{11}\b"
_S = r"[ .\-]?"

LEXICONS = (
    Lexicon(
        id="de-idnr",
        words=words(
            "steuer-id, steuerid, steuer-identifikationsnummer, steueridentifikationsnummer, idnr, idnr., "
            "steuerliche identifikationsnummer, identifikationsnummer, steuer-idnr, steuer-idnr."
        ),
    ),
    Lexicon(
        id="fr-nir",
        words=words(
            "nir, numéro de sécurité sociale, sécurité sociale, securite sociale, no de sécurité sociale, "
            "n° de sécurité sociale, numéro insee, carte vitale, n° sécu, numéro de sécu, n° ss, no ss, n° de ss, "
            "numéro ss, numéro de ss, no secu, n° sécurité sociale"
        ),
    ),
    Lexicon(id="es-dni", words=words("dni, nif, d.n.i., documento nacional de identidad, documento de identidad")),
    Lexicon(id="es-nie", words=words("nie, n.i.e., número de identidad de extranjero")),
    Lexicon(id="it-codice-fiscale", words=words("codice fiscale, cod. fisc., cod. fiscale, cf:")),
    Lexicon(id="nl-bsn", words=words("bsn, burgerservicenummer, sofinummer, sofi-nummer, citizen service number")),
    Lexicon(id="pl-pesel", words=words("pesel, numer pesel, nr pesel")),
    Lexicon(
        id="se-personnummer",
        words=words("personnummer, samordningsnummer, personal identity number, persnr, personnr, personnr."),
    ),
    Lexicon(id="uk-nhs", words=words("nhs, nhs number, nhs no, nhs no., nhs #, nhs id")),
    Lexicon(id="uk-chi", words=words("chi number, chi no, chi no., chi #, chi:, community health index")),
    Lexicon(
        id="es-nuss",
        words=words(
            "nº seguridad social, nº de seguridad social, nº s.s., nº ss, n.º seguridad social, n.º de la seguridad "
            "social, nº de la seguridad social, número de seguridad social, número de la seguridad social, "
            "número seguridad social, núm. seguridad social, núm. s.s., nuss, naf, nº de afiliación, número de "
            "afiliación, n° seguridad social, afiliación a la seguridad social"
        ),
    ),
    Lexicon(
        id="uk-nino", words=words("nino, ni number, ni no, ni no., national insurance, national insurance number, n.i.")
    ),
    Lexicon(
        id="ca-sin",
        words=words(
            "sin, s.i.n., sin no, sin #, sin number, social insurance, social insurance no, social insurance number, "
            "nas, n.a.s., numéro d'assurance sociale, assurance sociale"
        ),
    ),
    Lexicon(id="au-tfn", words=words("tfn, tax file number, tax file no")),
    Lexicon(id="in-aadhaar", words=words("aadhaar, aadhar, adhaar, uidai, aadhaar number, aadhaar no")),
    Lexicon(id="br-cpf", words=words("cpf, c.p.f., cadastro de pessoas físicas, cadastro de pessoa física")),
    Lexicon(
        id="us-ein",
        words=words(
            "ein, fein, employer identification, employer identification number, federal tax id, employer id, "
            "federal employer identification number"
        ),
    ),
)


def _label(kind: str, value: str, check: str | None = "code") -> Label:
    return Label(id=f"{kind}-labelled", lexicon=kind, type=kind, value=value, check=check, score=0.9)


LABELS = (
    _label("de-idnr", rf"[0-9]{{2}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}"),
    _label(
        "fr-nir",
        rf"[0-9]{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[0-9][0-9ABab]{_S}[0-9]{{3}}{_S}[0-9]{{3}}(?:{_S}[0-9]{{2}})?",
    ),
    _label("es-dni", rf"[0-9]{{1,2}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}{_S}[A-Za-z]"),
    _label("es-nie", rf"[XYZxyz]{_S}[0-9]{{7}}{_S}[A-Za-z]"),
    _label("it-codice-fiscale", r"[A-Za-z]{6} ?[0-9A-Za-z]{5} ?[A-Za-z][0-9A-Za-z]{3} ?[A-Za-z]"),
    _label("nl-bsn", rf"[0-9]{{3,4}}{_S}[0-9]{{2}}{_S}[0-9]{{3,4}}"),
    _label("pl-pesel", r"[0-9]{6}[ \-]?[0-9]{5}"),
    _label("se-personnummer", r"(?:19|20)?[0-9]{6}[\-+ ]?[0-9]{4}"),
    _label("uk-nhs", rf"[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{4}}"),
    # Scotland's: a day of birth and four digits more.
    Label(
        id="uk-chi-labelled",
        lexicon="uk-chi",
        type="uk-nhs",
        value=r"[0-3][0-9][01][0-9]{3}[ \-]?[0-9]{4}|[0-9]{3} [0-9]{3} [0-9]{4}",
        check="code",
    ),
    # Spain's number of social security, which has no type of its own.
    Label(
        id="es-nuss-labelled",
        lexicon="es-nuss",
        type="account",
        value=r"[0-5][0-9][ /\-]?[0-9]{7,8}[ /\-]?[0-9]{2}",
        check="code",
    ),
    _label("uk-nino", rf"[A-Za-z]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[A-Da-d]"),
    _label("ca-sin", rf"[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}"),
    _label("au-tfn", rf"[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{2,3}}"),
    _label("in-aadhaar", rf"[0-9]{{4}}{_S}[0-9]{{4}}{_S}[0-9]{{4}}"),
    _label("br-cpf", rf"[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{2}}"),
    _label("us-ein", r"[0-9]{2}[ \-]?[0-9]{7}", "ein"),
)

RECOGNIZERS = (
    Recognizer(
        id="de-idnr",
        type="de-idnr",
        pattern=rf"{_ELEVEN}|\b[0-9]{{2}}[ ./][0-9]{{3}}[ ./][0-9]{{3}}[ ./][0-9]{{3}}\b",
        gate=rf"{_ELEVEN}|\b[0-9]{{2}}[ ./][0-9]{{3}}[ ./][0-9]{{3}}[ ./][0-9]{{3}}\b",
        check="idnr",
        joints=NUMBER,
        score=0.8,
    ),
    Recognizer(
        id="fr-nir",
        type="fr-nir",
        pattern=(
            r"\b[12378][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?(?:[0-9]{2}|2[ABab])[ .]?[0-9]{3}[ .]?[0-9]{3}"
            r"[ ./]{0,3}[0-9]{2}\b"
        ),
        gate=r"\b[12378][ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9][0-9ABab][ .]?[0-9]{3}[ .]?[0-9]{3}[ ./]{0,3}[0-9]{2}\b",
        check="nir",
        joints=NUMBER,
        score=0.9,
    ),
    Recognizer(
        id="es-dni",
        type="es-dni",
        pattern=r"\b(?:[0-9]{8}|[0-9]{1,2}\.[0-9]{3}\.[0-9]{3})-?[A-HJ-NP-TV-Z]\b",
        gate=r"\b[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-?[A-HJ-NP-TV-Z]\b",
        check="dni",
        joints=NUMBER,
        score=0.85,
    ),
    Recognizer(
        id="es-nie",
        type="es-nie",
        pattern=r"\b[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]\b",
        gate=r"\b[XYZ]-?[0-9]{7}-?[A-Z]",
        check="nie",
        joints=NUMBER,
        score=0.9,
    ),
    Recognizer(
        id="it-codice-fiscale",
        type="it-codice-fiscale",
        pattern=(r"(?i:\b[A-Z]{3} ?[A-Z]{3} ?[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2} ?[A-Z][0-9LMNP-V]{3} ?[A-Z]\b)"),
        gate=r"(?i:[A-Z]{3} ?[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2} ?[A-Z][0-9LMNP-V]{3} ?[A-Z]\b)",
        check="codice",
        score=0.95,
    ),
    Recognizer(id="pl-pesel", type="pl-pesel", pattern=_ELEVEN, gate=_ELEVEN, check="pesel", joints=NUMBER, score=0.75),
    Recognizer(
        id="se-personnummer",
        type="se-personnummer",
        pattern=r"\b(?:19|20)?[0-9]{6}[\-+][0-9]{4}\b",
        gate=r"\b(?:19|20)?[0-9]{6}[\-+][0-9]{4}\b",
        check="personnummer",
        joints=NUMBER,
        score=0.85,
    ),
    Recognizer(
        # Weaker than a telephone number of the same form: both may be told of.
        id="uk-nhs",
        type="uk-nhs",
        pattern=r"\b[0-9]{3} [0-9]{3} [0-9]{4}\b",
        gate=r"\b[0-9]{3} [0-9]{3} [0-9]{4}\b",
        check="nhs",
        joints=NUMBER + " ",
        score=0.75,
    ),
    Recognizer(
        id="uk-nino",
        type="uk-nino",
        pattern=(rf"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[A-D]\b"),
        gate=rf"\b[A-Z]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{2}}{_S}[A-D]\b",
        check="nino",
        score=0.9,
    ),
    Recognizer(
        id="in-aadhaar",
        type="in-aadhaar",
        pattern=r"\b[2-9][0-9]{3}(?: [0-9]{4} |-[0-9]{4}-)[0-9]{4}\b",
        gate=r"\b[2-9][0-9]{3}(?: [0-9]{4} |-[0-9]{4}-)[0-9]{4}\b",
        check="aadhaar",
        joints=NUMBER + " ",
        score=0.8,
    ),
    Recognizer(
        id="br-cpf",
        type="br-cpf",
        pattern=rf"{_ELEVEN}|\b[0-9]{{3}}[. ][0-9]{{3}}[. ][0-9]{{3}}[\- ][0-9]{{2}}\b",
        gate=rf"{_ELEVEN}|\b[0-9]{{3}}[. ][0-9]{{3}}[. ][0-9]{{3}}[\- ][0-9]{{2}}\b",
        check="cpf",
        joints=NUMBER,
        score=0.85,
    ),
)
