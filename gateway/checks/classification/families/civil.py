"""Further numbers that states give to people, and those of their identity cards. Their form says little, so that a word
must name them. Words that are said of much else (`pan`, `nip`, `cpr`) name what passes its check alone; others name
whatever has the form, as in `national`."""

from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Recognizer, words

_S = r"[ .\-]?"

_ABROAD = (
    ("curp", "curp, c.u.r.p., clave única de registro de población"),
    ("rut", "rut, r.u.t., rut no, rol único tributario, rol único nacional"),
    ("cuit", "cuit, cuil, c.u.i.t., c.u.i.l., cuit/cuil, nº de cuit, nº de cuil"),
    ("egn", "egn, егн, единен граждански номер"),
    ("cnp", "cnp, c.n.p., cod numeric personal"),
    ("rodne-cislo", "rodné číslo, rodne cislo, rodného čísla, r.č., rč"),
    ("oib", "oib, osobni identifikacijski broj"),
    ("amka", "amka, αμκα, a.m.k.a., α.μ.κ.α."),
    ("kimlik", "tc kimlik, t.c. kimlik, tc kimlik no, t.c. kimlik no, tckn, kimlik no, kimlik numarası"),
    ("nric", "nric, nric no, nric no., nric number, nric/fin, fin no, fin no."),
    ("hkid", "hkid, hkid no, hkid no., hkid number, hong kong identity card"),
    ("emirates-id", "emirates id, emirates id no, emirates id number, emirates identity card"),
    ("bvn", "bvn, bank verification number"),
)
"""Of further countries, which have no type of their own."""

LEXICONS = (
    Lexicon(id="in-pan", words=words("pan, pan card, pan no, pan no., pan number, permanent account number")),
    Lexicon(
        id="in-epic",
        words=words(
            "voter id, voter id no, voter id no., voter id number, voter card, voter card no, voter's id, epic no, "
            "epic no., epic number, elector's photo identity card, electoral photo identity card"
        ),
    ),
    Lexicon(id="in-epic-close", words=words("epic")),
    Lexicon(id="in-vid", words=words("vid, virtual id, aadhaar vid, aadhaar virtual id, uidai vid")),
    Lexicon(
        id="uk-utr",
        words=words("unique taxpayer reference, unique tax reference, unique taxpayer reference number, utr number"),
    ),
    Lexicon(id="uk-utr-close", words=words("utr, utr no, utr no., sa utr")),
    Lexicon(id="uk-upn", words=words("upn, upn no, upn number, unique pupil number, unique pupil no")),
    Lexicon(id="us-ptin", words=words("ptin, ptin no, ptin #, preparer tax id, preparer tax identification number")),
    Lexicon(
        id="us-atin", words=words("atin, adoption taxpayer identification number, adoption tax identification number")
    ),
    Lexicon(
        id="fr-spi",
        words=words(
            "numéro fiscal, numero fiscal, n° fiscal, no fiscal, numéro spi, n° spi, spi, identifiant fiscal, "
            "numéro fiscal de référence, référence fiscale, numéro d'identification fiscale"
        ),
    ),
    Lexicon(
        id="ca-phn",
        words=words(
            "phn, bc phn, phn no, phn #, phn number, personal health number, personal health no, personal health no., "
            "personal health card number, carecard, care card, bc services card"
        ),
    ),
    Lexicon(
        id="pl-nip",
        words=words("nip, n.i.p., nr nip, numer nip, nip nr, numer identyfikacji podatkowej, nip podatnika"),
    ),
    Lexicon(id="nl-onderwijsnummer", words=words("onderwijsnummer, onderwijsnr, onderwijsnr., onderwijs-nummer")),
    Lexicon(
        id="de-stnr",
        words=words(
            "steuernummer, steuer-nummer, steuernr, steuernr., steuer-nr, steuer-nr., "
            "st.-nr., st.-nr, st-nr, st.nr., stnr, stnr."
        ),
    ),
    Lexicon(
        id="de-svnr",
        words=words(
            "sozialversicherungsnummer, sozialversicherungsnr, sozialversicherungsnr., sv-nummer, sv-nr, sv-nr., svnr, "
            "svnr., sv-nr:, rentenversicherungsnummer, rentenversicherungsnr., rv-nummer, rvnr, rvnr., rv-nr., vsnr, "
            "versicherungsnummer, sozialversicherung, vers.-nr., sozialvers.-nr., sozialvers.nr."
        ),
    ),
    Lexicon(
        id="be-rijksregister",
        words=words(
            "rijksregisternummer, rijksregisternr, rijksregisternr., rijksregister, insz, insz-nummer, insz nummer, "
            "niss, numéro niss, n° niss, numéro national, n° national, numéro de registre national, registre national, "
            "numéro du registre national, n° de registre national, nationaal nummer, rrn, nationalregisternummer, "
            "belgian national number, bis-nummer, numéro bis"
        ),
    ),
    Lexicon(
        id="ch-ahv",
        words=words(
            "ahv, ahv-nr, ahv-nr., ahv nr, ahv nr., ahv-nummer, ahv nummer, ahvn13, ahvn, avs, n° avs, "
            "numéro avs, no avs, navs, navs13, avs13, avs number, ahv number, numero avs, numéro d'assuré social"
        ),
    ),
    Lexicon(
        id="pt-nif",
        words=words(
            "nif, n.i.f., contribuinte, contribuinte no, contribuinte n.º, número de contribuinte, no de contribuinte, "
            "n.º de contribuinte, número de identificação fiscal, número fiscal"
        ),
    ),
    Lexicon(
        id="dk-cpr",
        words=words(
            "cpr, cpr-nummer, cpr nummer, cpr-nr, cpr-nr., cpr nr, cpr nr., cpr number, cpr no, cpr no., personnummer, "
            "personnr, personnr."
        ),
    ),
    Lexicon(
        id="no-fodselsnummer",
        words=words(
            "fødselsnummer, fødselsnr, fødselsnr., fodselsnummer, fnr, fnr., personnummer, d-nummer, personnr, "
            "norwegian national id, fødsels- og personnummer, fødselsnummeret"
        ),
    ),
    Lexicon(
        id="fi-hetu",
        words=words(
            "hetu, henkilötunnus, henkilötunnuksen, henkilötunnuksella, henkilotunnus, personbeteckning, sotu, "
            "sosiaaliturvatunnus, finnish personal identity code, personal identity code"
        ),
    ),
    Lexicon(
        id="ie-pps",
        words=words("pps, ppsn, pps no, pps no., pps number, ppsn no, personal public service number, pps-number"),
    ),
    Lexicon(id="nz-ird", words=words("ird, ird no, ird no., ird number, ird #, inland revenue number")),
    Lexicon(id="ee-isikukood", words=words("isikukood, isikukoodi, isikukoodiga, estonian personal code")),
    Lexicon(
        id="identity-card",
        words=words(
            "identity card, identity card no, identity card no., identity card number, id card, id card no, "
            "id card no., id card number, national id card, eid number, identiteitskaart, identiteitskaartnummer, "
            "identiteitskaartnr, identiteitskaart nr, identiteitskaart nr., eid-nummer, carte d'identité, carte "
            "d'identité n°, n° cni, numéro de carte d'identité, n° de carte d'identité, carte nationale "
            "d'identité, personalausweis, personalausweisnummer, personalausweisnr, personalausweisnr., "
            "personalausweis-nr., personalausweis nr., ausweisnummer, ausweisnr, ausweisnr., ausweis-nr., ausweis nr., "
            "carta d'identità, numero carta d'identità, carta d'identità n., carta di identità, c.i. n., cartão de "
            "cidadão, cartao de cidadao, cartão do cidadão, cc n.º, bilhete de identidade, dowód osobisty, dowodu "
            "osobistego, dowodem osobistym, numer dowodu, nr dowodu, nr dowodu osobistego, seria i numer dowodu, "
            "id-kort, nationellt id-kort, legitimation nr, henkilökortti"
        ),
    ),
    *(Lexicon(id=f"id-{country}", words=words(said)) for country, said in _ABROAD),
)


def _label(kind: str, value: str, check: str | None = "code", lexicon: str = "", gap: int = 24) -> Label:
    lexicon = lexicon or kind
    return Label(
        id=f"{kind}-behind-{lexicon}", lexicon=lexicon, type=kind, value=value, check=check, score=0.9, gap=gap
    )


_PAN = r"[A-Za-z]{5}[0-9]{4}[A-Za-z]"
_EPIC = r"[A-Za-z]{3}[ /\-]?[0-9]{7}"
_UTR = r"(?:[0-9]{5} ?[0-9]{5}|[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}|[0-9]{2} [0-9]{4} [0-9]{4})[Kk]?"
_AHV = r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}"
_CARD = (
    r"[0-9]{8}[ \-]?[0-9] ?[A-Za-z0-9]{2}[0-9]|[0-9]{3}-[0-9]{7}-[0-9]{2}|"
    r"[A-Za-z]{2,3}[ \-]?[0-9]{5,7}(?:[A-Za-z]{2})?|[A-Za-z]{2}[A-Z0-9]{6}[0-9]|[A-Za-z]{0,4}[0-9][A-Za-z0-9]{6,10}"
)

LABELS = (
    _label("in-pan", _PAN, "pan"),
    _label("in-epic", _EPIC),
    _label("in-epic", _EPIC, "epic", "in-epic-close"),
    _label("in-vid", r"[2-9][0-9]{3}(?:[ \-]?[0-9]{4}){3}", "vid"),
    _label("uk-utr", _UTR),
    _label("uk-utr", _UTR, "utr", "uk-utr-close"),
    # Of a pupil it is a letter and twelve digits, a temporary one has a letter at its end.
    _label("uk-upn", r"[A-Za-z][0-9]{11}[0-9A-Za-z]"),
    _label("us-ptin", r"[Pp][ \-]?[0-9]{8}"),
    _label("us-atin", rf"9[0-9]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{4}}"),
    _label("fr-spi", rf"[0-3][0-9]{_S}[0-9]{{2}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}"),
    _label(
        "ca-phn",
        r"9[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}|[0-9]{5}[ \-]?[0-9]{4}|[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}",
    ),
    _label(
        "pl-nip",
        r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{2}[ \-]?[0-9]{2}|[0-9]{3}[ \-][0-9]{2}[ \-][0-9]{2}[ \-][0-9]{3}",
        "nip",
    ),
    _label("nl-onderwijsnummer", rf"[0-9]{{3,4}}{_S}[0-9]{{2}}{_S}[0-9]{{3,4}}"),
    # By state: two, three or five digits of the office, the district, the number; as a state's software writes it.
    _label(
        "de-stnr",
        r"[0-9]{2,3}[ /][0-9]{3,4}[ /][0-9]{4,5}|[0-9]{5}[ /][0-9]{5}|[0-9]{10,11}|[0-9]{13}",
    ),
    _label("at-stnr", r"[0-9]{2}[ \-]?[0-9]{3}/?[0-9]{4}", lexicon="de-stnr"),
    _label("de-svnr", r"[0-9]{2} ?[0-9]{6} ?[A-Za-z] ?[0-9]{3}"),
    _label("at-svnr", r"[1-9][0-9]{3}[ \-/]?[0-3][0-9][01][0-9]{3}", lexicon="de-svnr"),
    _label("ch-ahv", _AHV, lexicon="de-svnr"),
    _label("be-rijksregister", rf"[0-9]{{2}}{_S}[0-9]{{2}}{_S}[0-9]{{2}}[ .\-]{{0,2}}[0-9]{{3}}{_S}[0-9]{{2}}"),
    _label("ch-ahv", _AHV),
    _label("pt-nif", rf"[1-9][0-9]{{2}}{_S}[0-9]{{3}}{_S}[0-9]{{3}}", "nif"),
    _label("dk-cpr", r"[0-3][0-9][01][0-9][0-9]{2}[ \-]?[0-9]{4}", "cpr"),
    _label("no-fodselsnummer", r"[0-7][0-9][0-9]{2}[0-9]{2}[ \-]?[0-9]{3} ?[0-9]{2}", "fodselsnummer"),
    _label("fi-hetu", r"[0-3][0-9][01][0-9][0-9]{2}[\-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y]"),
    _label("ie-pps", r"[0-9]{7} ?[A-Wa-w][ABHTWXabhtwx]?"),
    _label("nz-ird", r"[0-9]{2,3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}", "ird"),
    _label("ee-isikukood", r"[1-8][0-9]{10}"),
    _label("identity-card", _CARD, "card_number", gap=12),
    _label("identity-card", "(?i:[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9])", "curp", "id-curp"),
    _label("identity-card", r"[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-?[0-9Kk]", "rut", "id-rut"),
    _label("identity-card", r"[0-9]{2}-?[0-9]{8}-?[0-9]", "cuit", "id-cuit"),
    _label("identity-card", "[0-9]{10}", "egn", "id-egn"),
    _label("identity-card", "[1-9][0-9]{12}", "cnp", "id-cnp"),
    _label("identity-card", "[0-9]{6} ?/? ?[0-9]{3,4}", "rodne_cislo", "id-rodne-cislo"),
    _label("identity-card", "[0-9]{11}", "oib", "id-oib"),
    _label("identity-card", "[0-9]{11}", "amka", "id-amka"),
    _label("identity-card", "[1-9][0-9]{10}", "kimlik", "id-kimlik"),
    _label("identity-card", "(?i:[STFGM][0-9]{7}[A-Z])", "code", "id-nric"),
    _label("identity-card", r"[A-Z]{1,2}[0-9]{6} ?\(?[0-9A]", "code", "id-hkid"),
    _label("identity-card", r"784[ \-]?[0-9]{4}[ \-]?[0-9]{7}[ \-]?[0-9]", "code", "id-emirates-id"),
    _label("identity-card", "[0-9]{11}", "code", "id-bvn"),
)

RECOGNIZERS = (
    # What their dots and check digits make unmistakable, without a word.
    Recognizer(
        id="ch-ahv",
        type="ch-ahv",
        pattern=r"\b756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}\b",
        gate=r"\b756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}",
        check="ahv",
        joints=NUMBER,
        score=0.95,
    ),
    Recognizer(
        id="be-rijksregister",
        type="be-rijksregister",
        pattern=r"\b[0-9]{2}\.[0-9]{2}\.[0-9]{2}[\- ][0-9]{3}[. \-][0-9]{2}\b",
        gate=r"\b[0-9]{2}\.[0-9]{2}\.[0-9]{2}[\- ][0-9]{3}[. \-][0-9]{2}\b",
        check="rijksregister",
        joints=NUMBER,
        score=0.9,
    ),
)
