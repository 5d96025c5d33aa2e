"""Dates, dates of birth, ages. A year alone identifies nobody (45 CFR 164.514(b)(2)(i)(C)) and is not a finding."""

from gateway.checks.classification.recognizer import DATE, Label, Lexicon, Near, Recognizer, words

_MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_MON = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_AGED = (
    r"(?i:\b(?:aged?(?: of| is)?:? |turn(?:ed|s|ing)? |age[=:] ?(?:i(?:'|\xB7| a)m |s?he(?:'|\xB7| i)s )?|"
    r"\xE0g\xE0e? de |de edad de |alter: ?|im alter von |edad: ?|et\xE0: ?|when (?:he|she|they|i) (?:is|was|were|am) ))"
)
_UNITS = r"(?:in )?(?:years|yrs|y|jahren?|ans|a\xE0os|anos|anni|jaar|lat|\xE0r)"
_WORDS = r"age|alter|edad|et\xE0|idade|leeftijd|wiek|alder"
# As a key of JSON, a variable, the label of a form or a cell beside another: `"patientAge": "`, `Age (years): `.
_KEYED = (
    rf"(?:(?:\b[a-z]{{1,16}}Age|\b[A-Za-z]{{1,16}}_(?i:age)|\b(?i:{_WORDS})|[\xC0\xE0](?i:ge|lder))"
    r"(?:_?(?i:in)?_?(?i:years|yrs))?"
    rf"[\"']? ?(?:\((?i:{_UNITS})\) ?)?[:=|\t>] ?[\"']?|"
    r'(?i:\bage ?/ ?(?:sex|gender)"? ?[:=|\t] ?"?|\b(?:sex|gender) ?/ ?age"? ?[:=|\t] ?"?[fmwx] ?/ ?))'
)
_OF_THINGS = (
    r"(?i:(?:max|min|maximum|minimum|average|avg|mean|median|cache|token|session|cookie|file|log|backup|password|key|cert|"
    r"certificate|entry|data|account|lock|stale|pod|snapshot|index|commit|branch|ticket|issue|queue|event|connection|"
    r"default|record|object|image|build|legal|retirement|voting)[ _\-]?age(?:_?(?:in)?_?(?:s|secs|seconds|days|hours|"
    r"years|yrs))?[\"']? ?[:=|\t>] ?[\"']?)"
)
"""Ages of things, and bounds of ages."""
_SEEN = (
    r"(?:,? (?i:with|w/|who|c/o|s/p|h/o|hx|pmhx?|p/w|presents?|presented|presenting|admitted|found|seen|here|brought|"
    r"complain(?:s|ed|ing)|status post|history|known|from (?:home|snf|nursing))\b|,? (?i:w/|c/o|s/p|h/o|p/w) |"
    r", (?:UTI|CHF|COPD|CAD|DNR|AMS|MI|N?STEMI|CVA|TIA|PNA|SOB|AKI|CKD|ESRD|DVT|PE|GIB|HTN|DM2?|T2DM|GLF|FTT)\b)"
)
_COUNTED = (
    r"(?i:[$\xB7.,\-+\x23]|\b(?:raised|revenue|sales|about|around|over|under|nearly|almost|some|than|to|of|at|by|for|from|"
    r"temp|temperature|fell|rose|up|down|reached|hit|between|and|below|above)) ?"
)
_OVER_89 = "(?:9[0-9]|1[01][0-9]|12[0-5])"
_OLDER = "(?:9[0-9]|10[1-9]|11[0-9]|12[0-5])"
"""The same, but for what firms turn, too."""
_WHO = (
    r"(?i:patiente?|paciente|paziente|pati\xE0nt|homme|femme|dame|monsieur|r\xE0sidente?|mujer|hombre|se\xE0ora?|anciana?|"
    r"donna|uomo|signora?|anziana?|mulher|homem|senhora?|idosa?|utente)"
)
"""Of whom an age is told behind a preposition."""
_OLD = (
    r"(?i:[ \-]years?[ \-]old|[ \-]?y/?o\b|[ \-]?y\.o\.|[ \-]?yrs?\.?[ \-]old|[ \-]year[ \-]olds?|[ \-]years? of age|"
    r" jahre alt|-?j\xE0hrige[rnms]?\b| ans r\xE0volus| a\xE0os de edad| anni di et\xE0| anni compiuti| jaar oud)"
)
# German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish.
_AGED_SO = r"(?:-?(?:jarige|\xE0rig[ae]?)\b|[ \-]?letni(?:a|ej|ego|emu|m)?\b|-?vuotia[as])"
"""Dutch, Swedish, Norwegian, Danish, Polish, Finnish."""
_MONTHS = (
    r"(?i:j\xE0nner|januar[yi]?|februari?|m\xE0rz|mai|juni|juli|augusti?|augustus|oktober|dezember|janvier|f\xE0vrier|mars|"
    r"avril|juin|juillet|ao\xE0t|septembre|octobre|novembre|d\xE0cembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|"
    r"septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    r"janeiro|fevereiro|mar\xE0o|maio|junho|julho|setembro|outubro|novembro|dezembro|maart|mei|stycznia|lutego|marca|"
    r"kwietnia|maja|czerwca|lipca|sierpnia|wrze\xE0nia|pa\xE0dziernika|listopada|grudnia|maj)"
)
_BORN = Near(lexicon="birth", type="date-of-birth", score=0.95, before=40, after=0)

LEXICONS = (
    Lexicon(
        id="birth",
        words=words(
            "ddn, d.d.n., fn:, f.n., fec.nac., fec nac, fecnac, f.nac., dn, dn:, geb.-dat., geb dat, geb.dat, "
            "gebdat, geburtsdat., birth day, b/d, urodz., dob, d.o.b., d.o.b, date of birth, birth date, birthdate, "
            "birthday, born, born on, birth, geboren, geburtsdatum, geburtstag, geb., geb, geb.datum, né le, née le, "
            "né(e) le, date de naissance, nacimiento, fecha de nacimiento, nacido el, nacida el, nato il, nata il, "
            "data di nascita, geboortedatum, geboren op, data urodzenia, född, data de nascimento, nascido em, "
            "nascida em, nascido a, bday, birth-date, date-of-birth, date_of_birth, birth_date, birth dt, d/o/b, "
            "dob., birthdt, geb.-datum, geb.dat., geb. am, né, née, né à, née à, naissance, date naiss., nacido, "
            "nacida, nació, nació el, fecha de nac., fecha nac., f. nacimiento, f. nac., fec. nac., "
            "f. de nacimiento, nato, nata, nato/a il, nascita, data nascita, geboortedat., geb.datum:, urodzony, "
            "urodzona, urodzony/a, ur., data ur., födelsedatum, född den, födelsedag, nascido, nascida, nascimento, "
            "data nasc., dt. nasc., d.n., født, fødselsdato, syntymäaika, 生年月日, 出生日期, 생년월일"
        ),
    ),
    Lexicon(
        id="headers",
        words=words(
            "http/1.0, http/1.1, http/2, cache-control, content-type, content-length, etag, x-cache, vary, max-age, "
            "last-modified, accept-ranges, x-cache-hits, cf-cache-status, x-served-by, s-maxage"
        ),
    ),
    Lexicon(
        id="age",
        words=words(
            "age, age years, age yrs, age in years, age at visit, age at admission, age at diagnosis, patient age, "
            "pt age, alter, alter jahre, alter in jahren, âge, âge ans, edad, edad años, età, età anni, idade, "
            "leeftijd, wiek, alder, ålder"
        ),
    ),
)

LABELS = (
    Label(
        id="birth-compact",
        lexicon="birth",
        type="date-of-birth",
        value="(?:1[89]|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
        check="compact_date",
        more=False,
        score=0.9,
    ),
    # A month with its year is more than a year (45 CFR 164.514(b)(2)(i)(C)).
    Label(
        id="birth-month",
        lexicon="birth",
        type="date-of-birth",
        value="(?:0?[1-9]|1[0-2])[/.\\-](?:1[89]|20)[0-9]{2}|(?:1[89]|20)[0-9]{2}[/.\\-](?:0[1-9]|1[0-2])",
        more=False,
        score=0.85,
    ),
    # As forms and letters write a day, in forms which say too little where no word names them.
    Label(
        id="birth-written",
        lexicon="birth",
        type="date-of-birth",
        value=(
            r"[0-9]{4}(?: ?/ ?[0-9]{1,2} ?/ ?| ?- ?[0-9]{1,2} ?- ?|\. ?[0-9]{1,2}\. ?| [0-9]{1,2} )[0-9]{1,2}|"
            r"[0-9]{1,2}(?: ?/ ?[0-9]{1,2} ?/ ?| ?- ?[0-9]{1,2} ?- ?|\. ?[0-9]{1,2}\. ?| [0-9]{1,2} )"
            r"(?:[0-9]{4}|[0-9]{2})|"
            rf"[0-9]{{1,2}}(?:st|nd|rd|th|\.)?[ /\-]?{_MONTH}[ /,\-]{{0,2}}['\xB7]?(?:[0-9]{{4}}|[0-9]{{2}})|"
            rf"[0-9]{{4}}[ /\-]?{_MONTH}[ /\-]?[0-9]{{1,2}}"
        ),
        check="birthday",
        more=False,
        score=0.95,
    ),
    Label(
        # The month before the day.
        id="birth-month-first",
        lexicon="birth",
        type="date-of-birth",
        value=rf"{_MONTH} ?[0-9]{{1,2}}(?:st|nd|rd|th)?,? ?['\xB7]?(?:[0-9]{{4}}|[0-9]{{2}})",
        gap=12,
        check="birthday",
        more=False,
        score=0.95,
    ),
    Label(
        id="birth-digits",
        lexicon="birth",
        type="date-of-birth",
        value="[0-9]{8}|[0-9]{6}",
        gap=6,
        check="birth_digits",
        more=False,
        score=0.85,
    ),
    # No value stands in a word: it names columns of tables alone, what is written behind it is `age-keyed`.
    Label(id="age-column", lexicon="age", type="age", value="[0-9]{1,3}", gap=0, check="age", more=False, score=0.75),
)

_DAY = r"(?:[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2})"
_NAMED = r"[A-Z\xC0][A-Za-z\xC0\xE0'\-]{1,20},? [A-Z\xC0][A-Za-z\xC0\xE0'.\-]{0,20}(?: ?[|(] ?|, ?)"
_SEX = (
    r" ?[|,/] ?(?:[MFWX]|(?i:male|female|m\xE0nnlich|weiblich|homme|femme|hombre|mujer|maschio|femmina))"
    r"(?: ?[|,/;)]|\n)"
)

RECOGNIZERS = (
    Recognizer(
        # `Mitchell, Adam | 05/24/1988 | F |`: between a name and a sex stands a birth.
        id="birth-before-sex",
        type="date-of-birth",
        pattern=rf"{_NAMED}({_DAY}){_SEX}",
        gate=rf"{_DAY}{_SEX}",
        check="day_of_figures",
        score=0.95,
        reason="sex",
    ),
    Recognizer(
        # As German and Scandinavian letters have it, with a star.
        id="birth-starred",
        type="date-of-birth",
        pattern=r"\* ?([0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4})\b",
        gate=r"\* ?[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}\b",
        check="numeric_date",
        score=0.85,
    ),
    Recognizer(
        id="date-iso",
        type="date",
        pattern=(
            r"\b[0-9]{4}[\-/.][0-9]{2}[\-/.][0-9]{2}"
            r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+\-][0-9]{2}:?[0-9]{2})?)?\b"
        ),
        gate=r"\b[0-9]{4}[\-/.][0-9]{2}[\-/.][0-9]{2}",
        check="iso_date",
        joints=DATE,
        near=(_BORN,),
    ),
    Recognizer(
        id="date-numeric",
        type="date",
        pattern=r"\b[0-9]{1,2}(?:(?:/[0-9]{1,2}/|-[0-9]{1,2}-)(?:[0-9]{4}|[0-9]{2})|\.[0-9]{1,2}\.[0-9]{4})\b",
        gate=r"\b[0-9]{1,2}(?:(?:/[0-9]{1,2}/|-[0-9]{1,2}-)[0-9]{2}|\.[0-9]{1,2}\.[0-9]{4})",
        check="numeric_date",
        joints=DATE,
        near=(_BORN,),
    ),
    Recognizer(
        # Versions look the same.
        id="date-dotted",
        type="date",
        pattern=r"\b[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}\b",
        gate=r"\b[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}\b",
        check="numeric_date",
        joints=DATE,
        near=(_BORN,),
        unless="software",
    ),
    Recognizer(
        id="date-textual",
        type="date",
        pattern=(
            rf"\b{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?(?:,? (?:of )?[0-9]{{4}})?\b|"
            rf"\b[0-9]{{1,2}}(?:st|nd|rd|th|\.)?(?: of)?[ \-]{_MONTH}(?:,?[ \-][0-9]{{4}}|-[0-9]{{2}}\b)?|"
            rf"\b{_MONTH},? [0-9]{{4}}\b"
        ),
        gate=rf"\b{_MONTH},? [0-9]|\b[0-9]{{1,2}}(?:st|nd|rd|th|\.)?(?: of)?[ \-]{_MON}",
        check="textual_date",
        near=(_BORN,),
    ),
    Recognizer(
        id="date-abroad",
        type="date",
        pattern=rf"\b[0-9]{{1,2}}(?:\.|er|\xB7)? (?:de |di )?{_MONTHS}\b(?:,? (?:del? )?[0-9]{{4}}\b)?",
        gate=rf"\b[0-9]{{1,2}}(?:\.|er|\xB7)? (?:de |di )?{_MONTHS}",
        check="day",
        joints=DATE,
        near=(_BORN,),
    ),
    Recognizer(
        # `2024年3月14日`
        id="date-cjk",
        type="date",
        pattern=r"\b[0-9]{4} ?\xE0 ?[0-9]{1,2} ?\xE0 ?[0-9]{1,2} ?\xE0",
        gate=r"\b[0-9]{4} ?\xE0 ?[0-9]{1,2} ?\xE0 ?[0-9]",
        check="cjk_date",
        near=(_BORN,),
    ),
    Recognizer(
        id="age",
        type="age",
        pattern=rf"\b[0-9]{{1,3}}{_OLD}",
        gate=rf"\b[0-9]{{1,3}}{_OLD}",
        check="age",
        score=0.85,
    ),
    Recognizer(
        # `93F with heart failure`, as notes begin; neither a sum in millions nor a temperature.
        id="age-and-sex",
        type="age",
        pattern=rf"\b([0-9]{{1,3}}) ?[FM]{_SEEN}",
        gate=rf"[0-9] ?[FM]{_SEEN}",
        check="age",
        cleared=_COUNTED,
        score=0.75,
    ),
    Recognizer(
        id="age-labelled",
        type="age",
        pattern=rf"{_AGED}([0-9]{{1,3}})\b",
        gate=f"{_AGED}[0-9]",
        check="age",
        unless="headers",
        cleared=_OF_THINGS,
        score=0.75,
    ),
    Recognizer(
        id="age-keyed",
        type="age",
        pattern=rf"{_KEYED}([0-9]{{1,3}})\b",
        gate=f"{_KEYED}[0-9]",
        check="age",
        unless="headers",
        cleared=_OF_THINGS,
        score=0.75,
    ),
    Recognizer(
        # Behind a name, where so many years are told of: fewer may be how long something lasts.
        id="age-abroad",
        type="age",
        pattern=rf"[,(] ?({_OVER_89} (?:(?i:ans|a\xE0os|anos|anni|jaar|jahre|lat|\xE0r)\b|J\.))",
        gate=rf"[,(] ?{_OVER_89} (?:(?i:an|a\xE0os|ja|lat|\xE0r)|J\.)",
        check="age",
        score=0.75,
    ),
    Recognizer(
        # `Patiente de 93 ans`.
        id="age-of-whom",
        type="age",
        pattern=rf"\b{_WHO},? (?:de |di |of )?({_OVER_89} (?i:ans|a\xE0os|anos|anni))\b",
        gate=rf" {_OVER_89} (?i:ans|a\xE0os|anos|anni)\b",
        check="age",
        score=0.75,
    ),
    Recognizer(
        id="age-in-a-word",
        type="age",
        pattern=rf"\b({_OLDER}{_AGED_SO})",
        gate=rf"\b{_OLDER}{_AGED_SO}",
        check="age",
        score=0.75,
    ),
    Recognizer(
        # `Pt. Doe, 93F, …`: a temperature stands behind no patient.
        id="age-of-patient",
        type="age",
        pattern=(
            rf"\b(?i:pt|pat|patient|resident)\b[.:]?(?: ?[A-Z\xC0][A-Za-z\xC0\xE0.'\- ]{{0,30}},)?,? "
            rf"({_OVER_89})(?: ?[FMW]|[fmwy])\b"
        ),
        gate=rf"[,.a-z:] {_OVER_89}(?: ?[FMW]|[fmwy])\b",
        check="age",
        score=0.75,
    ),
)
