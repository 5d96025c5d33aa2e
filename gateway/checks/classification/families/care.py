"""Numbers that care and work give to what they do for somebody (45 CFR 164.514(b)(2)(i)(R): any other unique number):
accessions, samples, studies, visits, prescriptions, referrals, approvals, cases at court, staff."""

from gateway.checks.classification.recognizer import Label, Lexicon, words

_ENDINGS = "number, no., nr, nr., #, num, id, identifier"
_CLOSE = 3
"""Characters between a number and words that say something else as often: `no` (`prescription no longer valid`), or a
thing without saying that its number follows."""


def _no(things: str) -> str:
    """Each of the things with `no`, as a list."""
    return ", ".join(f"{thing} no" for thing in things.split(", "))


def _of(things: str) -> str:
    """Each of the things with each other ending of a number's name, in a sentence and as a key of JSON, as a list."""
    said = [f"{thing} {ending}" for thing in things.split(", ") for ending in _ENDINGS.split(", ")]
    parts = [thing.replace("-", " ").split() for thing in things.split(", ")]
    keys = [joint.join([*part, key]) for part in parts for joint in ("_", "") for key in ("id", "number", "no")]
    return ", ".join(said + keys)


_CARE = (
    "accession, specimen, lab sample, blood sample, tissue sample, lab, laboratory, lab order, lab report, "
    "lab requisition, imaging order, study, visit, appointment, rx, prescription, referral, placer order, "
    "filler order, trial subject, study subject, subject, participant, admission, biopsy, radiology, pathology, "
    "dispense"
)
_APPROVAL = (
    "prior auth, prior authorization, prior authorisation, pre-authorization, preauthorization, preauth, pre-auth, "
    "referral authorization, precertification, precert, utilization review"
)
_FILE = (
    "employee, staff, personnel, payroll, badge, student, pupil, inmate, prisoner, detainee, probation, court case, "
    "court file, docket, case file, custody case, authorization, authorisation, auth"
)

LEXICONS = (
    Lexicon(id="care-close", words=words(_no(_CARE) + ", accession, specimen:, acc no")),
    Lexicon(id="approval-close", words=words(_no(_APPROVAL) + ", prior auth, pa #, pa number")),
    Lexicon(id="file-close", words=words(_no(_FILE) + ", matricule, matricola")),
    Lexicon(
        id="care",
        words=words(
            _of(_CARE) + ", rx#, acc #, acc no., acc. no., acc#, "
            "auftragsnummer labor, laborauftrag, labornummer, labor-nr., labor-nr, probennummer, proben-nr., "
            "probennr., proben-id, rezeptnummer, überweisungsnummer, untersuchungsnummer, befundnummer, befund-nr., "
            "probandennummer, probanden-id, studienteilnehmer-nr., numéro de prélèvement, numéro d'examen, "
            "numéro d'ordonnance, n° d'ordonnance, numéro d'échantillon, número de muestra, nº de muestra, "
            "número de receta, nº de receta, número de estudio, número de petición, nº de petición, "
            "numero ricetta, numero di accettazione, numero campione, numero impegnativa, número da amostra, "
            "nº da amostra, número da receita, nº da receita, nº do exame, número do exame, monsternummer, "
            "receptnummer, verwijsnummer, numer próbki, numer recepty, numer skierowania, provnummer, remissnummer"
        ),
    ),
    Lexicon(
        id="approval",
        words=words(
            _of(_APPROVAL) + ", kostenübernahme-nr., genehmigungsnummer, genehmigungs-nr., "
            "numéro d'accord, número de autorización, "
            "nº de autorización, numero di autorizzazione, número de autorização, machtigingsnummer"
        ),
    ),
    Lexicon(
        id="file",
        words=words(
            _of(_FILE) + ", personalnummer, personal-nr., personalnr., mitarbeiternummer, matrikelnummer, "
            "matrikel-nr., aktenzeichen, geschäftszeichen, az.:, numéro de matricule, numéro étudiant, "
            "número de empleado, nº de empleado, número de expediente judicial, número de matrícula de estudiante, "
            "numero di matricola, número de funcionário, número do processo judicial, personeelsnummer, "
            "studentnummer, sygnatura akt, numer indeksu, anställningsnummer"
        ),
    ),
)

_CODE = r"(?:[A-Za-z]{1,6}[\-#.])?[A-Za-z]*[0-9][A-Za-z0-9]*(?:[\-/][A-Za-z0-9]+)*"
_COURT = r"[0-9]{1,3} [A-Za-z]{1,4} [0-9]{1,5}/[0-9]{2,4}"
"""As German courts write it: `12 C 345/21`."""

_FILED = rf"{_COURT}|{_CODE}"

LABELS = (
    Label(id="care-number", lexicon="care", type="mrn", value=_CODE, gap=16, check="code", score=0.85),
    Label(id="care-close", lexicon="care-close", type="mrn", value=_CODE, gap=_CLOSE, check="code", score=0.85),
    Label(id="approval-number", lexicon="approval", type="health-plan-id", value=_CODE, check="long_code", score=0.85),
    Label(
        id="approval-close",
        lexicon="approval-close",
        type="health-plan-id",
        value=_CODE,
        gap=_CLOSE,
        check="long_code",
        score=0.85,
    ),
    # Of those who work, learn or are held somewhere more is counted: `student number rose to 25000`.
    Label(id="file-number", lexicon="file", type="account", value=_FILED, gap=8, check="code", score=0.8),
    Label(id="file-close", lexicon="file-close", type="account", value=_FILED, gap=_CLOSE, check="code", score=0.8),
)
