"""How people are reached: e-mail, telephone, web addresses."""

from gateway.checks.classification.recognizer import NUMBER, Column, Label, Lexicon, Near, Recognizer, words

_L = r"A-Za-z\xC0\xE0"

_NUMBER = r"[0-9](?:[ .\-/()]{0,3}[0-9]){6,14}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?"
_COUNTED_AFTER = (
    " ?(?i:times|units?|users|people|customers|subscribers|visits|sessions|requests|events|calls|rows|records|bytes|"
    "kb|mb|gb|kib|mib|gib|ms|msec|seconds|minutes|hours|orders|items|pieces|pcs|eur|usd|dollars|euros|percent|per)"
)
"""What shows that something is counted is taken in with it, for the check to refuse."""
_COUNTED_BEFORE = (
    "(?i:users|sales|subscribers|subscriptions|customers|visits|visitors|sessions|downloads|installs|installations|"
    "traffic|revenue|orders|devices|clicks|views|pageviews|impressions|volume|count|counts|total|totals|units|minutes|"
    "requests|calls|hits|events|transactions|shipments|messages)(?: (?:is|was|were|are|total|count))?[:=]? {0,3}[(]?"
)
_PLACES = "office, fax, mobile, cell, home, work, direct"
_GAP = 4

LEXICONS = (
    Lexicon(
        id="phone",
        words=words(
            "phone, telephone, tel, tel., mobile, cell, cellphone, call, call me, call back, fax, ph, desk, reach me, "
            "reached, contact number, number is, text me, whatsapp, voicemail, home number, work number, "
            "phone number, calling, dial, answering at, messages to, sms, telefon, handy, rufnummer, telefonnummer, "
            "handynummer, "
            "telefone, mon numéro, numéro est, joindre, joindre le patient, erreichbar unter, meine nummer, "
            "tel.-nr., tel.nr., mobil, mobilnummer, fax no, fax number, pager, téléphone, tél, tél., portable, "
            "teléfono, telefono, móvil, movil, celular, cellulare, telefoonnummer, mobiel, telefax, mob, mob., "
            "reach me at, whatsapp number, recapito telefonico, recapito, contatti, contattare, al numero, numero è, "
            "numero di telefono, contacto, contato, tlm, tlm., telemóvel, tfno, tfno., tlf, tlf., número é, "
            "telefone é, "
            "phone no, phone no., mobile no, cell no, contact no, contact no., phone1, phone2, phone3, phone 1, "
            "phone 2, phone 3, phone number 1, phone number 2, msisdn, caller id, caller number, callback number, "
            "ligar para, teléfono es, móvil es, localizar en el, tel/fax"
        ),
    ),
    Lexicon(id="phone-after", words=words(_PLACES)),
)

LABELS = (
    Label(
        id="phone-labelled",
        lexicon="phone",
        type="phone",
        value=rf"(?:{_NUMBER})(?:{_COUNTED_AFTER})?",
        gap=20,
        score=0.8,
        check="phone_told",
        cleared=_COUNTED_BEFORE,
    ),
)

COLUMNS = (
    Column(
        id="email-column",
        words=words("email, e-mail, email address, mail, e-mail address, correo, courriel"),
        type="email",
        value=r"[^@\s]{1,30}@[^@\s.]{1,20}\.[^@\s]{2,12}",
        score=0.95,
    ),
)

RECOGNIZERS = (
    Recognizer(
        id="email",
        type="email",
        pattern=rf"[{_L}0-9][{_L}0-9._%+'\-]*@(?:[{_L}0-9][{_L}0-9\-]*\.)+[{_L}][{_L}]+",
        gate=f"@[{_L}0-9]",
        score=0.99,
        check="email",
        onward=rf"[{_L}0-9._%+'\-@]*",
    ),
    Recognizer(
        # RFC 5321 §4.1.2: a quoted local part, which may hold blanks. Bounded as what holds them must be.
        id="email-quoted",
        type="email",
        pattern=(
            rf"""["][^"\s\\](?:[^"\n\\]{{0,36}}[^"\s\\])?["]@(?:[{_L}0-9][{_L}0-9\-]{{0,17}}\.){{1,2}}"""
            rf"[{_L}][{_L}]{{1,13}}"
        ),
        gate=f"""["]@[{_L}0-9]""",
        score=0.95,
        check="email",
    ),
    Recognizer(
        # Wrapped right behind its sign. Bounded as what holds white space must be.
        id="email-wrapped",
        type="email",
        pattern=(
            rf"[{_L}0-9][{_L}0-9._%+'\-]{{0,38}}@\r?\n(?:> ?){{0,2}}"
            rf"(?:[{_L}0-9][{_L}0-9\-]{{0,15}}\.){{1,2}}[{_L}][{_L}]{{1,11}}\b"
        ),
        gate=rf"[{_L}0-9]@\r?\n(?:> ?){{0,2}}[{_L}0-9]",
        score=0.9,
        check="email",
    ),
    Recognizer(
        id="phone-international",
        type="phone",
        pattern=r"\+[0-9]{1,3}(?:[ .\-/]?\(?[0-9]{1,5}\)?){2,6}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?\b",
        gate=r"\+[0-9]{1,3}[ .\-/]?\(?[0-9]",
        check="phone",
        joints=NUMBER,
        score=0.9,
    ),
    Recognizer(
        # `+49 (0) 170 / 123 45 67`
        id="phone-slashed",
        type="phone",
        pattern=(r"\+[0-9]{1,3}[ .\-]?(?:\(0\)[ .\-]?)?\(?[0-9]{2,5}\)? ?/ ?[0-9]{2,8}(?:[ .\-][0-9]{2,5}){0,4}\b"),
        gate=r"\+[0-9]{1,3}[ .\-]?\(?[0-9]",
        check="phone",
        joints=NUMBER,
        score=0.9,
    ),
    Recognizer(
        id="phone-nanp",
        type="phone",
        pattern=(
            r"(?:(?:\+|00)?1[ .\-]?)?(?:\([0-9]{3}\) ?|\b[0-9]{3}[ .\-])[0-9]{3}[ .\-][0-9]{4}"
            r"(?: ?(?:x|ext\.?) ?[0-9]{1,6})?\b"
        ),
        gate=r"[0-9]{3}[ .\-)] ?[0-9]{3}[ .\-][0-9]{4}",
        check="phone_nanp",
        joints=NUMBER,
        score=0.8,
    ),
    Recognizer(
        # Within a country, with the 0 that stands before an area's code.
        id="phone-trunk",
        type="phone",
        pattern=(
            r"\(?\b0[1-9](?:[0-9]{1,4}\)?[ .\-/]{1,2}|[ .\-])[0-9]{2,8}(?:[ .\-][0-9]{2,8}){0,4}\b|"
            r"\b0[67][0-9]{8}\b|\b01[5-7][0-9]{8,9}\b"
        ),
        gate=r"\b0[1-9](?:[0-9]{1,4}\)?[ .\-/]{1,2}|[ .\-])[0-9]{2,8}(?:[ .\-]?[0-9]){2}|\b0[1-9][0-9]{8,9}\b",
        check="phone_trunk",
        joints=NUMBER + "/ ",
        score=0.75,
    ),
    Recognizer(
        id="phone-annotated",
        type=None,
        pattern=rf"\b{_NUMBER}",
        gate=rf"[0-9][^0-9;A-Za-z\xC0\xE0\n]{{0,{_GAP}}}(?i:{_PLACES.replace(', ', '|')})",
        joints=NUMBER,
        near=(Near(lexicon="phone-after", type="phone", score=0.75, before=0, after=_GAP, check="phone"),),
    ),
    Recognizer(
        id="url",
        type="url",
        pattern=r"""(?i:https?|ftp)://[^\s"'<>\\]*[^\s"'<>\\.,;:!?)\]}]""",
        gate="://",
        score=0.95,
    ),
    Recognizer(
        id="url-www",
        type="url",
        pattern=r"""\b(?i:www)\.[A-Za-z0-9\-]+\.[^\s"'<>\\]*[^\s"'<>\\.,;:!?)\]}]""",
        gate=r"\b(?i:www)\.[A-Za-z0-9\-]",
        score=0.9,
    ),
)
