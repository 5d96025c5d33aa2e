"""Numbers that states, hospitals and companies give to people. Most need a word near by that says what they are."""

from gateway.checks.classification.families.regrouped import DOTTED, EVEN, LETTERED, NINE
from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Recognizer, words

LEXICONS = (
    Lexicon(
        id="ssn",
        words=words(
            "ssn, ssns, ssnum, s.s.n., s.s.n, ss#, social security, social security number, social security no, soc sec"
        ),
    ),
    # Much else is social (an insurance number of another country, say): what follows must have the form.
    Lexicon(id="social", words=words("social")),
    Lexicon(id="itin", words=words("itin, taxpayer identification, taxpayer id")),
    Lexicon(
        # Of a person it is the social security number, of a firm another: nine digits of either.
        id="tax-id",
        words=words(
            "tax id, tax ids, tax id #, tax id no, tax id no., tax id number, taxid, tax identification number, tin, "
            "tin #, tin no, tin no., tin number, ssn/tin, ssn/ein, national id, national id no, national id no., "
            "national id number, national identification number, national identifier"
        ),
    ),
    Lexicon(
        id="plan",
        words=words(
            "member id, member number, member no, member #, health plan, health plan id, plan id, insurance id, "
            "insurance number, insurance no, policy id, policy number, policy no, policy #, subscriber id, "
            "subscriber number, beneficiary id, beneficiary number, medicaid, medicaid id, medicare id, "
            "group number, versichertennummer, krankenversichertennummer, claim number, health insurance number, "
            "insurance member, krankenversicherungsnummer, kvnr, numéro d'assuré, numéro de póliza, "
            "tarjeta sanitaria, tessera sanitaria, hicn, health card, health card number, polisnummer, member-id, "
            "member_id, memberid, membership id, membership number, membership no, membership #, subscriber no, "
            "subscriber #, enrollee id, enrollee number, enrollee no, enrolee id, enrollment id, enrolment id, "
            "insured id, insured's id, insured's i.d., insured's i.d. number, insured id number, insured number, "
            "insured no, insured person's number, insurance #, insurance id number, insurance policy, "
            "insurance policy number, insurance card, insurance card number, health insurance, health insurance id, "
            "health insurance no, health plan number, health plan no, health plan member id, health id, "
            "healthcare id, plan number, plan no, plan #, plan member, plan member id, coverage id, coverage number, "
            "coverage no, policyholder id, policyholder number, policyholder no, beneficiary no, beneficiary #, "
            "medicaid number, medicaid no, medicaid #, medicare, medicare number, medicare no, medicare #, "
            "hic number, claim no, claim id, claim #, recipient id, certificate of coverage, group no, group id, "
            "group #, versicherten-nr., versicherten-nr, versichertennr., versichertennr, krankenkassennummer, "
            "krankenversicherungsnr., mitgliedsnummer, mitglieds-nr., mitglieds-nr, mitgliedsnr., "
            "versicherungsnummer, n° d'assuré, n° assuré, numéro d'adhérent, n° d'adhérent, n° adhérent, "
            "numéro de mutuelle, n° de mutuelle, numéro d'affiliation, número de póliza, nº de póliza, nº póliza, "
            "n.º de póliza, póliza, póliza nº, número de afiliado, nº de afiliado, nº afiliado, número de asegurado, "
            "nº de asegurado, número de socio, numero di polizza, numero polizza, n. polizza, polizza n., polizza, "
            "numero tessera, numero di tessera, n. tessera, codice assicurato, verzekerdennummer, verzekerdennr., "
            "verzekeringsnummer, polisnr., relatienummer, número da carteirinha, carteirinha, "
            "número do beneficiário, número da apólice, apólice, nº da apólice, número do plano, numer polisy, "
            "nr polisy, numer ubezpieczenia, nr ubezpieczenia, försäkringsnummer, försäkringsnr, försäkringsnr., "
            "medlemsnummer, kv-nr., kv-nr, kvnr., kv-nummer, "
            "policennummer, policen-nr., policennr., kv nr., krankenversicherungs-nr., krankenvers.-nr."
        ),
    ),
    # Health cards of Canada, Australia and Brazil, in groups of their own.
    Lexicon(
        id="plan-card",
        words=words(
            "ohip, ohip no, ohip no., ohip number, ohip #, ohip card, ramq, nam, ramq no, n° ramq, no ramq, "
            "numéro ramq, numéro d'assurance maladie, n° d'assurance maladie, health card, health card no, "
            "health card number, "
            "medicare, medicare no, medicare no., medicare number, medicare card, medicare card number, ihi, ihi no, "
            "ihi number, individual healthcare identifier, cartão sus, cartao sus, cartão do sus, nº sus, "
            "nº do sus, nº cartão sus, número do cartão sus, número sus, cartão nacional de saúde, cns, nº cns, "
            "nº do cartão sus"
        ),
    ),
    Lexicon(
        id="account",
        words=words(
            "account, account number, account no, account #, acct, acct no, acct #, acct number, a/c, account id, "
            "customer id, customer number, customer no, client id, client number, kundennummer, iban, "
            "invoice account, numéro client, número de cliente, numero cliente, klantnummer, konto-id, kundennr, "
            "kunden-nr., loan number, loan no, loan no., loan #, loan id, loan account, mortgage number, "
            "mortgage account, vertragsnummer, vertragsnr., vertrags-nr."
        ),
    ),
    Lexicon(
        id="licence",
        words=words(
            "driver license, driver's license, drivers license, driver licence, driver's licence, driving licence, "
            "driving license, driver license number, dl number, dl no, dl #, dl#, dln, drivers lic, driver's lic, "
            "driver lic, driver license #, driver's license #, führerschein, führerscheinnummer, "
            "permis de conduire, permiso de conducir, carnet de conducir, patente di guida, rijbewijs, prawo jazdy"
        ),
    ),
    Lexicon(
        id="passport",
        words=words(
            "passport, passport number, passport no, passport #, reisepass, reisepassnummer, passeport, pasaporte, "
            "passaporto, paspoort"
        ),
    ),
    Lexicon(
        id="npi",
        words=words(
            "npi, npis, npi no, npi number, npi #, us-npi, national provider, national provider id, "
            "national provider identifier, provider id, provider identifier, provider no, provider number, "
            "provider #, prescriber id, prescriber no, prescriber number, physician id, practitioner id, "
            "provider_id, provider_npi"
        ),
    ),
    Lexicon(
        id="provider",
        words=words(
            "provider, providers, rendering provider, billing provider, referring provider, attending provider, "
            "ordering provider, servicing provider, attending, attending physician, prescriber, prescribed by, "
            "referring physician, ordering physician, physician, practitioner, clinician, pharmacist, pharmacy, "
            "surgeon, facility, signed by, supervising physician, rendered by, referred by, ordered by, md"
        ),
    ),
    Lexicon(
        id="mbi",
        words=words("mbi, mbi no, mbi number, mbi #, medicare beneficiary identifier, medicare beneficiary id"),
    ),
    Lexicon(id="dea", words=words("dea, dea number, dea no, dea #, dea registration")),
)

_CODE = r"(?:[A-Z]{1,5}[\-#])?[A-Za-z]*[0-9][A-Za-z0-9]*(?:[\-/][A-Za-z0-9]+)*"
_GROUPED = (
    r"[A-Z]{1,3}[0-9]{3,6} [0-9]{4,6}\b|[A-Z]{2,5} [0-9]{3,5}(?: [0-9]{3,6}){1,2}|"
    + f"{EVEN}|{DOTTED}|{LETTERED}|"
    + _CODE
    + r"(?: [0-9]{3,4}\b)*"
)
_NINE = r"[0-9]{3}[ .\-]?[0-9]{2}[ .\-]?[0-9]{4}"
_MBI = (
    r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9][ .\-]?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9][ .\-]?"
    r"[AC-HJKMNP-RT-Y]{2}[0-9]{2}"
)
_NO_ACCOUNT = (
    r"(?i:(?:\b|_|account)(?:balance|total|amount|limit|count|size|sum|income|credit|debit)"
    r"[\"']? ?(?:[:=]|is|of)? ?[\"'$]{0,2}|"
    r"accounts[_\-]|account_?(?:id|no|num|number), ?)"
)
"""What an account has, and columns, tables and arguments of that name."""
_INSURED = r"\b(?:ID|Id|Policy|Member|Group) ?(?:#|No\.?|:){1,2} ?"
_APART = r"(?:-[0-9]{2}-| [0-9]{2} |\.[0-9]{2}\.)"


def _behind(word: str) -> str:
    """A word that names the number before it: `(SSN)`, `is my SSN`."""
    return (
        rf"(?: ?\({word}\)| (?:is|was) (?:my|his|her|their|our|your|the|[a-z]{{1,10}}'s|the [a-z]{{1,10}}'s) {word}\b)"
    )


_SSN = r"(?i:ssn|social security(?: (?:number|no))?|social)"
_ACCOUNT = r"(?i:(?:bank )?(?:account|acct)(?: (?:number|no|#))|customer (?:number|id)|kundennummer)"
_PLAN = r"(?i:(?:member|subscriber|insurance|policy|medicaid|health plan) (?:id|number|no))"
_RECORD = r"(?i:mrn|medical record(?: (?:number|no))|patient (?:id|number)|hospital number)"

LABELS = (
    Label(
        id="us-ssn-labelled", lexicon="ssn", type="us-ssn", value=NINE, gap=32, check="apart_nine_digits", score=0.95
    ),
    # Written as an area code is.
    Label(
        id="us-ssn-bracketed",
        lexicon="ssn",
        type="us-ssn",
        value=r"[0-9]{3}\) ?[0-9]{2}[ .\-]?[0-9]{4}",
        gap=12,
        check="nine_digits",
        score=0.95,
    ),
    Label(id="us-ssn-social", lexicon="social", type="us-ssn", value=_NINE, gap=12, check="nine_digits", score=0.95),
    Label(
        id="us-tax-id",
        lexicon="tax-id",
        type="us-ssn",
        value=r"[0-9]{3}(?:-[0-9]{2}-|[0-9]{2})[0-9]{4}",
        gap=8,
        check="nine_digits",
        score=0.85,
        more=False,
    ),
    Label(id="us-itin-labelled", lexicon="itin", type="us-itin", value=NINE, check="apart_nine_digits", score=0.95),
    Label(
        id="health-plan-id", lexicon="plan", type="health-plan-id", value=_GROUPED, check="apart_long_code", score=0.95
    ),
    # A German insured person's, behind a word of other numbers, too.
    Label(
        id="health-plan-id-german",
        lexicon="de-svnr",
        type="health-plan-id",
        value="[A-Z][0-9]{9}",
        check="long_code",
        score=0.95,
    ),
    Label(
        id="plan-card",
        lexicon="plan-card",
        type="health-plan-id",
        value=(
            r"[0-9]{4}[ \-]?[0-9]{3}[ \-]?[0-9]{3}(?:[ \-]?[A-Z]{2})?|[A-Z]{4} ?[0-9]{4} ?[0-9]{4}|"
            r"[2-6][0-9]{3}[ \-]?[0-9]{5}[ \-]?[0-9](?:[ \-/][1-9])?|800[0-9]{13}|8003(?: [0-9]{4}){3}|"
            r"[1-3789][0-9]{14}|[1-3789][0-9]{2} [0-9]{4} [0-9]{4} [0-9]{4}"
        ),
        check="long_code",
        score=0.9,
    ),
    Label(
        id="account",
        lexicon="account",
        type="account",
        value=_GROUPED,
        check="apart_long_code",
        cleared=_NO_ACCOUNT,
        score=0.85,
    ),
    Label(
        id="us-driver-license", lexicon="licence", type="us-driver-license", value=_CODE, check="long_code", score=0.85
    ),
    Label(id="us-passport", lexicon="passport", type="us-passport", value=_CODE, check="long_code", score=0.85),
    Label(id="npi", lexicon="npi", type="npi", value=r"[0-9](?:[ .\-]?[0-9]){9}", check="npi", score=0.95),
    # In small letters it is like a product's: behind its word alone.
    Label(id="mbi-labelled", lexicon="mbi", type="mbi", value=f"(?i:{_MBI})", score=0.95),
    # Who treats is named, not the number: ten digits in one, so that no telephone number in its groups is meant.
    Label(id="npi-of-provider", lexicon="provider", type="npi", value="[12][0-9]{9}", gap=40, check="npi", score=0.9),
    Label(
        id="dea",
        lexicon="dea",
        type="dea",
        value=r"[A-Za-z]{1,2}9?[ .\-]?[0-9](?:[ .\-]?[0-9]){6}",
        check="dea",
        score=0.95,
    ),
)

RECOGNIZERS = (
    Recognizer(
        # `Insurance: BCBS, ID# XEH902348812`
        id="health-plan-of-insurance",
        type="health-plan-id",
        pattern=(
            r"\b(?i:insurance|insurer|payer|health plan)[: ][^0-9\n;]{0,32}"
            rf"{_INSURED}([A-Z]{{0,4}}[0-9][A-Z0-9\-]{{5,15}})\b"
        ),
        gate=rf"{_INSURED}[A-Z]{{0,4}}[0-9]",
        check="long_code",
        score=0.85,
        reason="insurance",
    ),
    Recognizer(
        id="us-ssn",
        type="us-ssn",
        pattern=rf"\b[0-9]{{3}}{_APART}[0-9]{{4}}\b",
        gate=rf"\b[0-9]{{3}}{_APART}[0-9]{{4}}",
        check="ssn",
        joints=NUMBER,
        score=0.95,
    ),
    Recognizer(
        id="us-itin",
        type="us-itin",
        pattern=rf"\b9[0-9]{{2}}{_APART}[0-9]{{4}}\b",
        gate=rf"\b9[0-9]{{2}}{_APART}[0-9]{{4}}",
        check="itin",
        joints=NUMBER,
        score=0.9,
    ),
    Recognizer(
        # CMS: position 1 is 1-9, then letters without S, L, O, I, B, Z and digits in a fixed order, dashes allowed.
        id="mbi",
        type="mbi",
        pattern=rf"\b{_MBI}\b",
        gate=r"\b[1-9][A-Y][0-9A-Y][0-9][ .\-]?[A-Y][0-9A-Y][0-9][ .\-]?[A-Y]{2}[0-9]{2}",
        score=0.97,
    ),
    # The word behind the number.
    Recognizer(
        id="us-ssn-behind",
        type="us-ssn",
        pattern=rf"\b({_NINE}){_behind(_SSN)}",
        gate=rf"[0-9]{{4}}{_behind(_SSN)}",
        check="nine_digits",
        joints=NUMBER,
    ),
    Recognizer(
        id="account-behind",
        type="account",
        pattern=rf"\b([A-Z]{{0,4}}[0-9]{{4,16}}){_behind(_ACCOUNT)}",
        gate=rf"[0-9]{{4}}{_behind(_ACCOUNT)}",
        check="apart_long_code",
        joints=NUMBER,
        score=0.8,
    ),
    Recognizer(
        id="health-plan-id-behind",
        type="health-plan-id",
        pattern=rf"\b([A-Z]{{0,4}}[0-9]{{4,16}}){_behind(_PLAN)}",
        gate=rf"[0-9]{{4}}{_behind(_PLAN)}",
        check="apart_long_code",
        joints=NUMBER,
        score=0.85,
    ),
    Recognizer(
        id="mrn-behind",
        type="mrn",
        pattern=rf"\b([A-Z]{{0,4}}[0-9]{{4,12}}){_behind(_RECORD)}",
        gate=rf"[0-9]{{4}}{_behind(_RECORD)}",
        check="apart_long_code",
        joints=NUMBER,
        score=0.85,
    ),
)
