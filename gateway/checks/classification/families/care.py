"""Numbers that care and work give to what they do for somebody (45 CFR 164.514(b)(2)(i)(R): any other unique number):
accessions, samples, studies, visits, prescriptions, referrals, approvals, cases at court, staff."""

from gateway.checks.classification.recognizer import Label, Lexicon, words

_ENDINGS = "number, no, no., nr, nr., #, num, id, identifier"


def _of(things: str) -> str:
    """Each of the things with each ending of a number's name, in a sentence and as a key of JSON, as a list."""
    said = [f"{thing} {ending}" for thing in things.split(", ") for ending in _ENDINGS.split(", ")]
    parts = [thing.replace("-", " ").split() for thing in things.split(", ")]
    keys = [joint.join([*part, key]) for part in parts for joint in ("_", "") for key in ("id", "number", "no")]
    return ", ".join(said + keys)


LEXICONS = (
    Lexicon(
        id="care",
        words=words(
            _of(
                "accession, specimen, lab sample, blood sample, tissue sample, lab, laboratory, lab order, lab report, "
                "lab requisition, imaging order, study, visit, appointment, rx, prescription, referral, placer order, "
                "filler order, trial subject, study subject, subject, participant, admission, biopsy, radiology, "
                "pathology, dispense"
            )
            + ", accession:, specimen:, rx #, rx no, rx:, rx#, acc #, acc no, acc no., acc. no., acc#, "
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
            _of(
                "prior auth, prior authorization, prior authorisation, pre-authorization, preauthorization, preauth, "
                "pre-auth, referral authorization, precertification, precert, utilization review"
            )
            + ", prior auth, pa #, pa number, kostenübernahme-nr., genehmigungsnummer, genehmigungs-nr., "
            "numéro d'accord, número de autorización, "
            "nº de autorización, numero di autorizzazione, número de autorização, machtigingsnummer"
        ),
    ),
    Lexicon(
        id="file",
        words=words(
            _of(
                "employee, staff, personnel, payroll, badge, student, pupil, inmate, prisoner, detainee, probation, "
                "court case, court file, docket, case file, custody case, authorization, authorisation, auth"
            )
            + ", personalnummer, personal-nr., personalnr., mitarbeiternummer, matrikelnummer, "
            "matrikel-nr., aktenzeichen, geschäftszeichen, az.:, numéro de matricule, matricule, numéro étudiant, "
            "número de empleado, nº de empleado, número de expediente judicial, número de matrícula de estudiante, "
            "matricola, numero di matricola, número de funcionário, número do processo judicial, personeelsnummer, "
            "studentnummer, sygnatura akt, numer indeksu, anställningsnummer"
        ),
    ),
)

_CODE = r"(?:[A-Za-z]{1,6}[\-#.])?[A-Za-z]*[0-9][A-Za-z0-9]*(?:[\-/][A-Za-z0-9]+)*"
_COURT = r"[0-9]{1,3} [A-Za-z]{1,4} [0-9]{1,5}/[0-9]{2,4}"
"""As German courts write it: `12 C 345/21`."""

LABELS = (
    Label(id="care-number", lexicon="care", type="mrn", value=_CODE, gap=16, check="code", score=0.85),
    Label(id="approval-number", lexicon="approval", type="health-plan-id", value=_CODE, check="long_code", score=0.85),
    Label(
        id="file-number", lexicon="file", type="account", value=rf"{_COURT}|{_CODE}", gap=16, check="code", score=0.8
    ),
)
