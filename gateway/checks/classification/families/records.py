"""Numbers under which hospitals and practices keep somebody: of a record, a patient, a stay (45 CFR
164.514(b)(2)(i)(H)).

Each house has its own words, of the same pieces: what is numbered (a chart, a stay), that it is (`no.`, `-ID`), and in
which order. So they are put together here, not listed; a word costs no more for there being others.
"""

from gateway.checks.classification.families.regrouped import DOTTED, LETTERED
from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Near, Recognizer, words


def _each(things: str, endings: str) -> str:
    """Each thing with each ending, as a list: `_` in an ending stands for the thing."""
    said = [form.strip().replace("_", thing.strip()) for thing in things.split(",") for form in endings.split(",")]
    return ", ".join(said)


_ENGLISH = _each(
    "patient, patient's, pt, pat, hospital, hosp, hosp., medical record, medical records, med rec, med. rec., "
    "mrn, umrn, emrn, mr, emr, ehr, chart, encounter, enc, patient identification, patient record, patient file, "
    "patient chart, patient control, patient case, patient registration, medical chart, medical file, medical "
    "registration, clinical record, clinical file, clinic, hospital file, hospital case, hospital record, "
    "hospital patient, hospital registration, hospital reg, hospital reg., hospital unit, unit record, "
    "health record, healthcare record, admission, inpatient case, inpatient file, dental chart, dental record, "
    "pas, empi, master patient index, uhid, hrn, ipd, opd, opd reg, ipd reg, mrd, csn, cpi, hospital episode, "
    "wristband, emergency record, ed record, medical rec, ur, u.r., nhi",
    "_ number, _ no., _ nr, _ nr., _ #, _#, _ num, _ num., _ nbr, _ id no, _ id no., _ id number",
)
_ENGLISH_KEYS = _each(
    "patient, patient's, pt, pat, hospital, medical record, medical, emr, ehr, chart, encounter, enc, patient "
    "record, patient file, patient chart, unit record, health record, admission, hospital registration, empi, "
    "pas, hrn, ur, clinic",
    "_ id, _ identifier",
)
_GERMAN = _each(
    "patienten, patient, pat., fall, aufnahme, aufn., krankenblatt, krankenakten, krankenakte, patientenakten, "
    "patientenakte, krankenhaus, klinik, krankengeschichten, krankengeschichte, behandlungsfall, behandlungs, "
    "röntgen, kis, krankenhaus-fall, klinik-fall, stationsfall, aufenthalts",
    "_nummer, _nr., _nr, _-nr., _-nr, _-nummer, _ nummer, _ nr., _ nr, _id, _-id, _ id, _kennung, _-kennung, "
    "_identifikationsnummer, _-identifikationsnummer",
)
_FRENCH = _each(
    "ipp, patient, dossier, dossier patient, dossier médical, dossier clinique, dossier hospitalier, admission, "
    "séjour, venue, hospitalisation, identification patient, nip patient, nda, iep, permanent",
    "n° _, n° de _, n° d'_, n° du _, numéro _, numéro de _, numéro d'_, numéro du _, num. _, no de _, _ n°, _ numéro",
)
_COUNTED = ", ".join(
    (
        _each(
            "inpatient, outpatient, in-patient, out-patient, casualty, fin, urn, cr",
            "_ number, _ no., _ no, _ #, _#, _ num, _ nbr",
        ),
        _each("episoden", "_nummer, _-nr., _nr., _-id"),
        _each("passage", "n° de _, numéro de _, numéro du _, _ n°"),
        _each(
            "episodio, ingreso, episódio, atendimento, internamento, internação",
            "nº _, nº de _, nº do _, n.º _, n.º de _, n° _, n° de _, núm. _, núm. de _, número _, número de _, "
            "número del _, número do _, _ nº, _ n.º, _ n°, _ número",
        ),
    )
)
"""What is counted as often: `inpatient numbers`, `número de ingresos`."""
_SPANISH = _each(
    "historia, historia clínica, hc, h.c., nhc, hª clínica, hª cª, h. clínica, paciente, registro hospitalario, "
    "ficha clínica, cipa",
    "nº _, nº de _, n.º _, n.º de _, n° _, n° de _, núm. _, núm. de _, núm _, num. _, num. de _, número _, número "
    "de _, número del _, no. _, no. de _, _ n.º, _ n°, _ núm., _ no., _ número, id _, id de _, código de _, "
    "código del _, código _",
)
_CATALAN = _each(
    "història, història clínica, pacient, episodi, ingrés", "núm. _, núm. d'_, núm. de _, número de _, número d'_, nº _"
)
_ITALIAN = _each(
    "cartella, cartella clinica, nosologico, ricovero, verbale ps, verbale di ps, accesso ps, accesso di ps, "
    "paziente, assistito, scheda clinica, anagrafica, pronto soccorso",
    "n. _, n. di _, n° _, n° di _, nr. _, nr. di _, nr _, num. _, numero _, numero di _, id _, codice _, codice "
    "di _, _ n., _ n°, _ nr., _ nr, _ num., _ numero",
)
_DUTCH = _each(
    "patiënt, patiënten, patient, patienten, pat., pat, ziekenhuis, opname, zis, epd, dossier",
    "_nummer, _-nummer, _ nummer, _nr, _nr., _-nr, _-nr., _ nr, _ nr., _.nr, _.nr., _id, _-id, _ id",
)
_PORTUGUESE = _each(
    "processo clínico, prontuário, utente, paciente, registro hospitalar, registo hospitalar, registo clínico, "
    "prontuário médico, ficha clínica",
    "nº _, nº de _, nº do _, nº da _, n.º _, n.º de _, n.º do _, n° _, n° de _, n° do _, n. _, n. do _, núm. _, "
    "número _, número de _, número do _, número da _, no. _, no. do _, _ n.º, _ n°, _ n., _ no., id do _",
)
_POLISH = _each(
    "historii choroby, księgi głównej, ks. gł., ks. głównej, pacjenta, pobytu, karty, kartoteki, kartoteki "
    "pacjenta, dokumentacji medycznej, hospitalizacji, karty pacjenta",
    "nr _, nr. _, numer _, id _, identyfikator _",
)
_NORDIC = _each(
    "patient, journal, patientjournal, reserv, pasient, patientens journal, sjukhus, sygehus",
    "_nummer, _nr, _nr., _-nr, _-nr., _-nummer, _ nr, _ nr., _ nummer, _-id, _id, _ id",
)
_OTHERS = (
    "folder number, folder no., medical_record_number, patient_id, nº dossier, pt. id, mrn, mrns, m.r.n., emrn, "
    "umrn, mrn id, patient mrn, pat mrn, pat mrn id, csn, enc csn id, uhid, empi, crn, hrn, nhi:, har no., har #, "
    "med rec, med. rec., medical rec, med record, medical record, patient file, patid, "
    "hosp num, patient record, patient ref, patient reference, patient code, "
    "patients ref, patient with id, patient (id, patient (no., patient (nr, health record, hospital registration, "
    "hc:, h.c., n.h.c., nhc, nº de expediente, no. de expediente, n.º de expediente, número de expediente, "
    "expediente clínico, ipp, iep, nda, identifiant patient, identifiant du patient, identifiant permanent, "
    "numéro d'identification du patient, historia clínica, historia clínica electrónica, ha clínica, hª clínica, "
    "hª cª, id del paciente, número de id del paciente, codice sanitario, codice anagrafico, codice paziente, "
    "nosologico, cartella clinica, identificativo paziente, numero identificativo paziente, prontuário, processo "
    "clínico, rghc, nº do processo, nº processo, n.º do processo, n.º de processo, processo n.º, processo n.°, "
    "número do processo, número de processo, matrícula do paciente, patiëntenkaart nr, karta pacjenta, "
    "npr-nummer, piz:, patient:in nr., ip no., ip no:, op no., op no:, mr. no., x-ray no., x-ray number, cytology "
    "no., cytology number, path no., sap-fallnummer"
)
_CLOSE = _each(
    "patient, patient's, pt, hospital, hosp, medical record, med rec, med. rec., medical rec, mrn, mr, mr., "
    "chart, encounter, patient identification, patient record, patient file, patient chart, medical chart, "
    "medical file, clinical record, clinic, hospital file, hospital case, hospital record, hospital patient, "
    "hospital registration, hospital reg, unit record, health record, admission, dental chart, pas, "
    "empi, uhid, hrn, ipd, opd, opd reg, ipd reg, mrd, csn, cpi, folder, emr, ehr, pat, nhi, ur, u.r., ip, op, x-ray, "
    "cytology, har,"
    # `nº`, which is read as `no`: `paciente no consta`.
    "historia, historia clínica, hc, nhc, ficha clínica, expediente, processo, processo clínico, prontuário, "
    "utente, dossier",
    "_ no",
)
"""`no` says no number as often: `hospital no longer`."""
_BARE = (
    "encounter, episode, enc, patient chart, medical chart, hospital chart, unit:, cipa, registro hospitalar, "
    "registo hospitalar, urn, hc, ur, ur:, urn:, mr:, fin:, har:, epi:, behandlungsfall, fall, patientenakte, "
    "krankenakte, dossier, dossier médical, dossier patient, episodio, expediente, ficha clínica, historia, "
    "atendimento, ricovero, cartella, journal, episode number, episode no., episode id, chart, inpatient, "
    "patient, patiënt, hospital record, ipd, opd, episodio nº, episódio nº, ingreso nº, paciente nº, atendimento "
    "nº, internamento nº, internação nº, admission nº, venue nº, séjour nº, passage nº"
)
"""Things that are more often told without a number: only a long one right behind is theirs."""
_BESIDE = (
    "patient, inpatient, outpatient, medical record, medical records, old record, chart, ward, clinic, admission, "
    "discharge, surgical pathology, pathology, cytology, wristband, fracture clinic, discharge summary, "
    "patientin, klinik, ambulanz, paciente, paziente, patiënt, pacjent, pacjenta"
)
"""What makes of a file's or a case's number one of somebody's record: alone much else is numbered so."""

_NAMES = (
    _ENGLISH,
    _ENGLISH_KEYS,
    _GERMAN,
    _FRENCH,
    _SPANISH,
    _CATALAN,
    _ITALIAN,
    _DUTCH,
    _PORTUGUESE,
    _POLISH,
    _NORDIC,
    _OTHERS,
)

LEXICONS = (
    Lexicon(id="mrn", words=words(", ".join(_NAMES))),
    Lexicon(id="mrn-close", words=words(_CLOSE)),
    Lexicon(id="mrn-bare", words=words(f"{_BARE}, {_COUNTED}")),
    Lexicon(id="mrn-beside", words=words(_BESIDE)),
    Lexicon(
        # Of a database, a ward or a drawing as often: only a long number is a record's.
        id="mrn-long",
        words=words(
            "record number, record no, record no., record #, record nr, unit number, unit no, unit no., unit #, unit#, "
            "unit nr, chart:"
        ),
    ),
)

_SPACED = r"[0-9]{1,4}(?: [0-9]{1,4}){1,8}"
_BEFORE_DAY = r"[0-9]{1,4}(?: [0-9]{1,4}){0,6} [0-9]{1,4}[./\-][0-9]{1,2}[./\-][0-9]{1,4}"
"""Taken in with the day, which the check leaves out: without it a piece of the day would be taken."""
_FEW = r"[0-9]{2,4}(?:[ .][0-9]{2,4}){1,4}(?:[\-/][0-9A-Za-z])?"
_THOUSANDS = r"[0-9]{1,3}(?:\.[0-9]{3}){2,3}(?:-[0-9A-Za-z])?"
_TWO = r"[0-9]{1,4}[ .][0-9]{5,10}"
"""A year or a site before the number."""
_AFTER_LETTERS = r"[A-Z]{1,2}[0-9]{0,2} [0-9]{3,10}(?:[\-/][0-9A-Za-z]{1,4})?|[A-Za-z]{2,4}[0-9]\.[0-9]{4,12}"
_CODE = r"(?:[A-Za-z]{1,6}[\-#/])?[A-Za-z]*[0-9][A-Za-z0-9]*(?:[\-/][A-Za-z0-9]+)*"
_VALUE = f"{_BEFORE_DAY}|{LETTERED}|{_THOUSANDS}|{DOTTED}|{_SPACED}|{_FEW}|{_TWO}|{_AFTER_LETTERS}|{_CODE}"
_LONG = r"[A-Z]{0,3}-?(?:[0-9]{6,12}|[0-9]{1,4}-[0-9]{5,8})(?:-?[0-9A-Z])?"
_ID = r"[A-Z]{0,3}[\-]?[0-9]{5,10}"
_IN_BRACKETS = rf"[\[(]{_ID}[\])]"
_PATIENT = r"\b(?i:patient|pat\.|pt)(?i: name)?[:=]? {0,3}"
_NAMED = r"[A-Z\xC0][A-Za-z\xC0\xE0 .,'\-]{2,40}"
_FILED = (
    r"\b(?i:(?:file|case|akten|our|your|reg\.?|registration|id|record|unit|hn)[ \-_]?(?:"
    r"number|ref(?:erence)?|nr|no|id|#)\.?:? ?(?:is )?|"
    r"(?:our|your) ref(?:erence)?\.?:? )"
)
_HOW_MANY = (
    r"(?i:\b(?:total|count|number|no\.?|active|inactive|new|all|enrolled|average|avg|unique|distinct|monthly|daily|"
    r"annual|existing|screened|treated|current|registered)[ _](?:of )?(?:[a-z\-]{1,12} )?"
    r"[a-z]{4,12}s)[\"']?[:= ]{0,3}[\"']?"
)
"""Before a number of patients, not of one."""
_TOLD = (
    r" (?:\((?:the |her |his |their |my |our )?|(?:is|was) (?:the|her|his|their|my|our|your) )(?:patient's |old |new )?"
    r"(?i:mrn|medical record n|hospital n|chart n|patient n|record n|unit n|uhid|patient id)"
)

LABELS = (
    Label(id="mrn", lexicon="mrn", type="mrn", value=_VALUE, check="record", score=0.95),
    Label(id="mrn-close", lexicon="mrn-close", type="mrn", value=_VALUE, gap=5, check="record", score=0.95),
    Label(id="mrn-long", lexicon="mrn-long", type="mrn", value=_VALUE, gap=5, check="long_record", score=0.85),
    Label(
        id="mrn-lettered", lexicon="mrn-long", type="mrn", value="[A-Z][0-9A-Z]{4,11}", gap=5, check="code", score=0.8
    ),
    Label(
        id="mrn-bare",
        lexicon="mrn-bare",
        type="mrn",
        value=_LONG,
        gap=2,
        check="long_record",
        score=0.8,
        cleared=_HOW_MANY,
    ),
)

RECOGNIZERS = (
    Recognizer(
        # Nothing else begins so: exports and names of files write the word and the number as one.
        id="mrn-touching",
        type="mrn",
        pattern=r"\b(?i:mrn|uhid)[0-9]{5,12}\b",
        gate=r"\b(?i:mrn|uhid)[0-9]{5}",
        joints=NUMBER,
        check="code",
        score=0.9,
    ),
    Recognizer(
        # `Patient: Vaughn, Lee [00482917]`, as lists of patients are headed.
        id="mrn-in-brackets",
        type="mrn",
        pattern=rf"{_PATIENT}{_NAMED}[\[(]({_ID})[\])]",
        gate=_IN_BRACKETS,
        check="long_record",
        score=0.85,
        reason="patient",
    ),
    Recognizer(
        # `5519028 is the MRN of the patient`, `K0492817 (hospital number)`
        id="mrn-before-word",
        type="mrn",
        pattern=rf"\b({_ID}){_TOLD}",
        gate=rf"[0-9]{_TOLD}",
        joints=NUMBER,
        check="long_record",
        score=0.85,
        reason="word-behind",
    ),
    Recognizer(
        # As American hospitals call the account of a stay, in capitals: `fin` is an end in other languages.
        id="mrn-of-stay",
        type="mrn",
        pattern=r"\b(?:FIN|HAR)(?: (?:No\.?|NO\.?|number|Number|Nbr|ID))?\"? ?[:#=]? ?\"?([0-9]{8,12})\b",
        gate=r"\b(?:FIN|HAR)[ :#=\"A-Za-z.]{1,12}[0-9]{8}",
        joints=NUMBER,
        check="long_record",
        score=0.8,
        reason="word",
    ),
    Recognizer(
        # The hospital number as South-East Asia writes it, in capitals.
        id="mrn-hn",
        type="mrn",
        pattern=r"\bHN(?: ?[:.#]| No\.?)? ?([0-9]{2}-[0-9]{5,7}|[0-9]{6,10})\b",
        gate=r"\bHN[ :.#No]{1,5}[0-9]{2}",
        joints=NUMBER,
        check="long_record",
        score=0.8,
        reason="word",
    ),
    Recognizer(
        # `her old record, file no. H7652916`
        id="mrn-by-words",
        type=None,
        pattern=rf"{_FILED}({_CODE})\b",
        gate=rf"{_FILED}[A-Za-z0-9]",
        joints=NUMBER,
        near=(Near(lexicon="mrn-beside", type="mrn", score=0.8, before=40, after=30, check="record"),),
    ),
    Recognizer(
        # `PATIENT: KOWALSKI JAN  ID: 004837261`: the number of whom the line is about.
        id="mrn-of-patient",
        type="mrn",
        pattern=rf"{_PATIENT}{_NAMED}[ ,;|]{{1,3}}(?:ID|Id|No\.?|Nr\.?)[:#. ]{{1,3}}({_ID})\b",
        gate=rf"\b(?:ID|Id|No\.?|Nr\.?)[:#. ]{{1,3}}{_ID}\b",
        check="long_record",
        score=0.85,
        reason="patient",
    ),
)
