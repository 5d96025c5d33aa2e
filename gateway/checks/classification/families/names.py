"""Names of people, where a title or a label says that a name follows."""

from gateway.checks.classification.patterns import any_of
from gateway.checks.classification.people import GIVEN_CAPITALS, GRADES
from gateway.checks.classification.recognizer import Column, Lexicon, Recognizer, entries, words
from gateway.checks.classification.tables.first_names import DOUBTFUL, FIRST
from gateway.core.keys import PERSONS

_WORD = (
    r"(?:[A-Z\xC0]['\xB7]?[a-z\xE0]*(?:['\xB7\-]?[A-Z\xC0]?[a-z\xE0]+)+|"
    r"(?:[A-Z]['\xB7])?[A-Z\xC0]{2,}(?:['\-][A-Z\xC0]{2,})?)"
)
_PARTICLE = "(?:van|von|de|der|den|da|do|di|du|del|la|le|el|al|bin|ibn|ter|zu|dos|das|af|av)"
_LED = rf"(?:{_PARTICLE} |[aeAE]l-){{0,2}}"
_INNER = rf"(?: (?:[A-Z]\.|{_LED}{_PARTICLE} ?(?:{_WORD})|(?:[ae]l-)?{_WORD}|[A-Z]\b))"
_NAME = rf"{_WORD}{_INNER}?{_INNER}?{_INNER}?"
_TITLED = rf"(?:[A-Z]\. ?)?(?:[A-Z]\. ?)?{_NAME}"
_ANNOUNCED = rf"(?:[A-Z]\. ?)?(?:[A-Z]\. ?)?(?:{_PARTICLE} )?{_LED}{_NAME}(?: [\"(\xB7]{_WORD}[\")\xB7] {_WORD})?"
"""A name from its first particle on, a nickname in it or not."""
_SUFFIX = r"(?: (?:JR|SR|Jr|Sr|II|III|IV)\b\.?)"
_LISTED = rf"(?:{_PARTICLE} ){{0,2}}{_WORD}{_SUFFIX}?, ?{_WORD}(?: (?:[A-Z]\b\.?|{_WORD})){{0,2}}{_SUFFIX}?"
"""The family name first, as records have it: all that follows its comma is of the name."""
_CODE = r"(?:_[0-9A-Za-z_]{1,32}|\[|\(\)|\([\"'*{\[]|\([a-z_]{1,24}[=.(])"
"""How code goes on behind a name of it: `MAX_RETRIES`, `Mapped[`, `CharField(`. Taken in, for the check to refuse."""
_LABELLED = rf"(?:{_LISTED}|{_ANNOUNCED}(?:, ?{_WORD}(?: [A-Z]\b\.?)?)?){_CODE}?"
TITLES = (
    r"(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Doctor|Nurse|Sir|Madam|Lord|Lady|Rev|Reverend|Father|Sister|Judge|"
    r"Justice|Capt|Captain|Sgt|Sergeant|Lt|Col|Gen|Hon|Herr|Frau|Monsieur|Madame|Mme|Mlle|Se\xE0or|Se\xE0ora|Sr|Sra|"
    r"Don|Do\xE0a|D\xE0a|Dra|Signor|Signora|[Dd]ott\.ssa|[Dd]ott|Sig\.ra|Sig\.na|Sig|sig\.ra|sig|Avv|Ing|Eng|mr|mrs|ms|"
    r"dr|MR|MRS|MS|DR|[Mm]evrouw|[Mm]eneer|[Dd]hr|[Mm]evr|[Ff]ru|herr|[Rr]ouva|[Hh]erra|[Pp]ani|"
    r"[Hh]r\.|se\xE0ora?|[Ss]enhora?|signora?|monsieur|madame|frau)"
)
_ACADEMIC = (
    r"(?:(?:med|dent|vet|rer|nat|phil|jur|ing|habil|oec|pol|theol|univ|mult|psych|pharm|hum|biol|h\. ?c)\.? ){1,3}"
)
"""In what somebody is a doctor: it stands between the title and the name."""
_BORN = (
    r"(?i:dob|d\.o\.b\.|date of birth|geb\.|geboren|born|n\xE0e?|nacid[oa]|nat[oa] (?:il|a)|nascid[oa]|f\xE0d[dt]|"
    r"ur\.)"
)
"""What says of whom stands before it when he was born."""
_OF_PEOPLE = (
    "(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Herrn?|Frau|Mme|Mlle|Madame|Monsieur|[Mm]evrouw|[Mm]eneer|[Dd]hr|[Mm]evr|"
    "MR|MRS|MS|DR)"
)
"""Titles that are no word of another language."""
_KINDS = "full|first|last|middle|given|family|sur|maiden|legal|mother's maiden"
_SURELY = (
    rf"(?:patients?(?:[ _]?(?:name|nm)|'s name)?|(?:{_KINDS})[ _]?(?:name|nm)|(?:name|nm|{'|'.join(PERSONS)})[ _]"
    r"(?:first|last|given|family|middle)|surname|lname|fname|nachname|vorname|familienname|cognome|apellidos?|"
    r"nom de famille|pr\xE0nom|achternaam|voornaam|efternamn|f\xE0rnamn|etternavn|efternavn|"
    r"fornavn|nazwisko|imi\xE0|sobrenome|paziente|paciente|"
    r"patiente|pati\xE0nte?|pacjent(?:ka)?|versicherungsnehmer(?:in)?)"
)
"""What is said of people alone."""
_ROLES_OF_ONE = (
    r"policy[ _]?holder|spouse|guarantor|pcp|adjuster|care[ _]?giver|carer|pharmacist|prescriber|therapist|radiologist|"
    r"pathologist|ana?esthesiologist|clinician|practitioner|co-?signer|co-?borrower|landlord|executor|trustee|notary|"
    r"(?:dictated|transcribed|verified|performed|seen|reviewed|examined|witnessed) by|name on (?:the )?card|"
    r"ansprechpartner(?:in)?|sachbearbeiter(?:in)?|hausarzt|arzt|m\xE0decin(?: traitant)?|huisarts|behandelaar|lekarz|"
    r"l\xE0kare|titulaire|assur\xE0e?|b\xE0n\xE0ficiaire"
)
_LABELS = (
    r"(?i:\b(?:(?:user|customer|"
    r"client|member|employee|contact|account holder|nominee|beneficiary|insured|spouse|next of kin|"
    r"emergency contact)?[ _]?name|client|customer|card ?holder|member|employee|subscriber|insured|"
    r"beneficiary|physician|doctor|provider|attending|surgeon|nurse|caller|applicant|borrower|tenant|guardian|"
    r"next of kin|emergency contact|attn|attention|contact|sender|recipient|ship to|bill to|billing address|"
    r"directed by|signed|signed by|regards|sincerely|best|cheers|thanks|author|interviewer|witness|claimant|plaintiff|"
    r"defendant|student|patientin|versicherter|kontoinhaber(?:in)?|assicurat[oa]|"
    r"assistit[oa]|asegurad[oa]|segurad[oa]|benefici[a\xE0]ri[oa]|utente|titular|solicitante|nominativo|nome|"
    r"nombre|m[e\xE0]dic[oa](?: curante| richiedente| respons[a\xE0]vel| responsable| tratante)?|fdo\.|"
    r"firmado|nom|naam|namn|navn|account[ _]?holders?|payee|payer|remitter|assignee|reporter|approver|assigned to|"
    r"(?:reported|prepared|approved|requested|submitted) by|"
    rf"{_ROLES_OF_ONE}))"
)
_LABEL_ENDS = (
    r"name|\b(?:patient|client|customer|card ?holder|member|employee|subscriber|insured|beneficiary|physician|doctor|"
    r"provider|attending|surgeon|nurse|caller|applicant|borrower|tenant|guardian|kin|contact|attn|attention|sender|"
    r"recipient|to|address|by|signed|regards|sincerely|best|cheers|thanks|author|interviewer|witness|claimant|"
    r"plaintiff|defendant|student|patientin|versicherter|kontoinhaber(?:in)?|pa[zc]iente|assicurat[oa]|assistit[oa]|"
    r"a?segurad[oa]|benefici[a\xE0]ri[oa]|utente|titular|solicitante|nominativo|nome|nombre|"
    r"m[e\xE0]dic[oa]|curante|richiedente|respons[a\xE0]vel|responsable|tratante|fdo\.|firmado|nom|naam|namn|navn|"
    r"account[ _]?holders?|payee|payer|remitter|assignee|reporter|approver|policy[ _]?holder|spouse|guarantor|pcp|"
    r"adjuster|care[ _]?giver|carer|pharmacist|prescriber|therapist|radiologist|pathologist|ana?esthesiologist|"
    r"clinician|practitioner|co-?signer|co-?borrower|landlord|executor|trustee|notary|card|ansprechpartner(?:in)?|"
    r"sachbearbeiter(?:in)?|hausarzt|arzt|m\xE0decin|traitant|huisarts|behandelaar|lekarz|l\xE0kare|titulaire|"
    r"assur\xE0e?|b\xE0n\xE0ficiaire)"
)
_WEAKLY = (
    r"(?:\b(?i:drivers?|passengers?|guests?|pt|gp|husband|wife|son|daughter|mother|father|brother|sister|dependents?|"
    r"debtor|creditor|participants?|attendees|members|employees|customers|clients|contacts|students|authors|owners?|"
    r"recipients|claimants|beneficiaries|kunden?|kundin|mitarbeiter(?:in)?|absender|bearbeiter(?:in)?|kontakt|cliente|"
    r"clients|klant|klient(?:ka)?|destinatari[oa]|destinataire|remitente|mittente|teilnehmer|"
    r"(?:line |hiring |case |account |project )?managers?|supervisors?|respondents?|organi[sz]ers?|"
    r"chair(?:person|man|woman|ed by)|moderators?|facilitators?|presenters?|minutes(?: taken)? by|note-?taker|"
    r"apologies|absent|excused|candidates?|interviewees?|mentor|registered keeper|keeper|"
    r"vorgesetzter?|betreuer(?:in)?|respons\xE0vel|encargad[oa]|leidinggevende|chef|esimies|speaker [0-9]{1,2})|"
    r"\b(?:From|FROM|To|TO|Cc|CC|Bcc|BCC|Von|An|De|Para|Van|Aan)|\b(?i:empf\xE0nger))"
)
"""What names things as often: two words that are no thing's must follow, or a name of a dictionary."""
_SEVERAL = (
    r"\b(?i:patients|participants|attendees|members|employees|customers|clients|contacts|students|authors|recipients|"
    r"passengers|guests|drivers|dependents|teilnehmer|apologies|absent|to|cc|bcc|an|para)"
)
_PARTED = r"(?:[,;] ?| (?:and|und|et|y|e|en|och|&) )"
_BEGINS = rf"(?:[A-Z\xC0]|(?:mr|mrs|ms|dr)\.? |{_PARTICLE} [A-Za-z\xC0])"
"""How a name begins, a title before it or not."""
_SAYS = r"""["'*]{0,3}[ \t]?[:=][ \t\n*]{0,4}["'*]{0,2}"""
_MANAGING = (
    r"\b(?i:package|task|window|file|boot|session|device|key|secrets?|password|connection|memory|service|process|cache|"
    r"cluster|plug-?in|queue|version|display|download|resource|state|store|tag|traffic|update|volume|network|login|entity)"
    rf"[ \-]manager{_SAYS}"
)
"""What manages things."""
_NOTED = r"(?: ?\([^()\n]{1,22}\)| ?[/&] ?(?i:dob|mrn|date of birth|age|sex|id|address|phone))"
"""What a form says of a label: `Name (Last, First)`, `Name/DOB`."""
_CELL_ENDS = ":?</(?:td|th|dt|b|strong|label|span)>"
_CELLS = rf"{_CELL_ENDS}:?\s{{0,4}}(?:<(?:td|dd|span|p|div)[^<>\n]{{0,16}}>\s?)?"
"""What may stand between a label and a name: as in prose, JSON and Markdown, or in HTML."""
_SECONDS = r"[0-9] ?(?:ms|MS)\.? "
"""Milliseconds at the end of a sentence, which are no title."""
_NAMED = (
    "product|file|host|table|branch|column|field|class|project|domain|package|module|function|method|variable|index|"
    "tag|image|container|cluster|node|job|step|workflow|pipeline|queue|topic|bucket|key|role|group|policy|rule|event|"
    "metric|test|task|brand|model|item|article|service|server|database|schema|view|resource|namespace|repository|"
    "folder|directory|plan|environment|app|application|plugin|feature|theme|font|layer|channel|course|drug|tool"
)
_OF_THINGS = rf"""(?i:\b(?:{_NAMED})[ -]name)["']?[ \t]?[:=][ \t\n]{{0,4}}["']?"""
"""What says that a name follows, and not of whom."""
_GREETINGS = (
    r"regards|sincerely|cheers|yours|wishes|dear|hello|hi|hey|morning|evening|gr\xE0\xE0en?|gru\xE0|"
    r"cordialement|salutations|saludos?(?: cordial(?:es)?)?|atentamente|saluti|cumprimentos|atenciosamente|"
    r"groet(?:en|e)?|h\xE0lsningar|hilsen|pozdrawiam|abra[z\xE0]os?|amicalement|bien \xE0 vous|hochachtungsvoll|"
    r"z powa\xE0aniem|terveisin"
)
_LINES = r"(?:[ \n]{1,2}|\r\n(?:\r\n)?|\n(?:\n)?--? ?\n)"
_THANKS = (
    r"(?i:\b(?:thank you|thanks|best|warmly|respectfully|gracias|merci|danke|grazie|obrigad[oa]|bedankt|tack))"
    r"[,.!]?\r?\n(?:\r?\n)?"
)
_CLOSINGS = r"(?:\b(?:mfg|MfG|MFG|LG|VG|lg|Mvh|MVH|mvh|BR|KR)|\b[iI]\. ?[AV]\.|\bppa\.)"
"""Closings and what stands before a name that signs for another, abbreviated."""
_INTRODUCTIONS = (
    "name is|(?:her|his|my|their|whose) name was|"
    "name's|named|i am called|this is|speaking with|spoke with|spoke to|i'm|i am|on behalf of|ask for|"
    r"signed by|seen by|referred by|treated by|reviewed by|ich hei\xE0e|mein name ist|je m['\xB7]appelle|mon nom est|"
    r"me llamo|mi nombre es|mi chiamo|il mio nome \xE0|meu nome \xE0|chamo-me|me chamo|mijn naam is|ik heet|jag heter|"
    r"mitt namn \xE0r|jeg heter|jeg hedder|mit navn er|nazywam si\xE0|pay to the order of"
)
_ROLES = (
    "name|patients?|pt|client|customer|member|employee|nurse|husband|wife|son|daughter|mother|father|brother|sister|"
    "patientin|sohn|tochter|ehemann|ehefrau|bruder|schwester|mari|fils|fille|hijo|hija|espos[oa]|marido|herman[oa]|"
    "figlio|figlia|marito|moglie|filho|filha|zoon|dochter|zus|broer|paciente|paziente|"
    r"pacjent(?:a|k[ai]|k\xE0|em|owi)?|patienten|potilas|potilaan|potilaalla"
)
_SAID_OF = (
    r"(?i:\b(?:the|our|my|this|said) (?:claimant|patient|plaintiff|defendant|insured|applicant|tenant|employee|"
    r"deceased|victim|witness|accused|petitioner|respondent|appellant|borrower|client|customer|student|resident|"
    r"beneficiary)), "
)
"""A party of something, before the name that says which."""
_RELATIVES = (
    r"\b(?i:(?:my|our|her|his|their) (?:son|daughter|husband|wife|mother|father|brother|sister|mom|mum|mam|dad|grandma|"
    r"grandpa|grandmother|grandfather|grandson|granddaughter|uncle|aunt|cousin|niece|nephew|boyfriend|girlfriend|"
    r"fianc\xE0e?|twins?|toddler|baby)|"
    r"(?:mein|sein|ihr|unser)(?:e[mnr]?)? (?:sohn|tochter|ehemann|ehefrau|bruder|schwester|mutter|vater|oma|opa|"
    r"freundin|enkel|enkelin)|(?:mon|ma|son|sa|notre) (?:fils|fille|mari|fr\xE0re|s(?:oe|\xE0)ur|m\xE0re|p\xE0re|"
    r"conjointe?)|"
    r"(?:mi|su|nuestr[oa]) (?:hij[oa]|espos[oa]|marido|mujer|herman[oa]|madre|padre|abuel[oa])|"
    r"(?:mi[oa]|su[oa]) (?:figli[oa]|marito|moglie|fratello|sorella|madre|padre)|"
    r"(?:meu|minha|seu|sua) (?:filh[oa]|marido|esposa|m\xE0e|pai|irm\xE0o?)|"
    r"(?:mijn|onze|haar|zijn) (?:zoon|dochter|man|vrouw|broer|zus|moeder|vader))"
)
"""Somebody's, whose name follows."""
_CALLED = (
    r"(?:,|(?:,? who)?(?:'s| is) (?:called|named)|,? (?:called|named)|'s name is| hei\xE0t| s'appelle| se llama|"
    r" si chiama| heet| heter| hedder)?"
)
_DECLARES = r"(?:of|hereby|born|being|residing|aged|the undersigned|do|am|make|confirm|declare|solemnly|an?)\b"
"""What goes on behind `I, …,`."""
_WEAK_INTRODUCTIONS = (
    r"au nom de|im namen von|a nombre de|a nome di|em nome de|op naam van|"
    r"je suis|c'est|ik ben|ich bin|jag \xE0r|jeg er|sono|sou [oa]|yo soy|jestem|olen|"
    r"(?:yeah|yes|sure|ok|okay),? it's|it'?s under|it is under|booked for|"
    r"registered to|made out to"
)
"""What more than names stand behind: two words that are no thing's must follow."""
_PARTIES = (
    "tenant|resident|borrower|applicant|student|guest|insured|card ?holder|policy ?holder|claimant|"
    "plaintiff|defendant|guarantor|spouse|caregiver|passenger|beneficiary|subscriber|respondent|registered keeper|"
    "name on (?:the )?card|estate of|affidavit of|deposition of|witness statement of|last will(?: and testament)? of|"
    # Of `überweisen` a word of ASCII begins behind its first letter.
    r"funeral of|obituary of|t\.n\.v\.|ten name van|berweisen sie an|berweisung an|zugunsten von"
)


_PLACED = r"(?:\b(?:New|Port|North|South|East|West|Lake|Fort|Mount|Mt|Saint|St|San|Santa)\.? )"
_CAPITALS = r"[A-Z\xC0]{1,3}['\xB7\-]?[A-Z\xC0]{1,20}(?:-[A-Z\xC0]{2,20})?"
_FURTHER = rf",? (?:{_CAPITALS}\b|[A-Z\xC0][a-z\xE0]{{1,20}}(?:-[A-Z\xC0][a-z\xE0]{{1,20}})?|[A-Z]\b\.?)"
_GIVEN, _DOUBTFUL = any_of(FIRST), any_of(DOUBTFUL)

_SHORT = r"[A-Z\xC0][A-Za-z\xC0\xE0'\xB7\-]{1,13}"
_BRIEFLY = r"[A-Z\xC0][A-Za-z\xC0\xE0'\xB7\-]{1,10}"
_FAMILY = rf"(?:{_PARTICLE} |[ae]l-){{0,2}}{_SHORT}"
_WHOLE = rf"{_SHORT}(?: (?:{_FAMILY}|[A-Z]\b\.?)){{1,2}}(?: {_SHORT})?"
"""At most 77 characters, so that what comes behind is seen with it."""
_MEMBERS = """["'](?:first|last|given|family|middle)["']"""
_DEGREES = (
    r"MD|M\.D\.|RN|DNP|PhD|Ph\.D\.|DDS|DMD|PharmD|Pharm\.D\.|Esq|CPA|MSN|LCSW|FNP|APRN|MBBS|FRCP|FACS|FACP|DVM|DPM|"
    r"PsyD|Psy\.D\.|CRNA|PA-C|NP-C|JD|J\.D\."
)
_ELEMENTS = (
    r"[<:](?:(?:first|last|full|given|family|middle|patient|customer|client|employee|member|contact|account_?holder|cardholder|"
    r"payee|debtor|creditor|beneficiary|person|subscriber)[_\-]?name|surname|lname|fname|nm|payee|"
    r"account[_\-]?holder|card[_\-]?holder|(?:first|last|full|middle|patient)[_\-]?nm|vorname|nachname|familienname|nom|"
    r"pr[e\xE0]nom|nombre|apellidos?|cognome|voornaam|achternaam|imi[e\xE0]|nazwisko|efternamn|f\xE0rnamn|fornavn|"
    r"etternavn|efternavn|sobrenome)"
)
"""The names of elements of XML behind their bracket or prefix."""

_ENTRIES = r"(?:FN(?:;[A-Z0-9=\-]{1,20})?:|N(?:;[A-Z0-9=\-]{1,20})?:|cn: |sn: |givenName: |displayName: )"

LEXICONS: tuple[Lexicon, ...] = ()

_CELL = (
    rf"(?:{TITLES}\.? )?(?:[A-Z]\. ?){{0,2}}{_FAMILY}(?: (?:{_FAMILY}|[A-Z]\b\.?)){{0,3}}{_SUFFIX}?"
    rf"(?:, ?{_FAMILY}(?: (?:{_SHORT}|[A-Z]\b\.?)){{0,2}})?"
)

_WHOSE = entries(
    "patient pat pt customer cust client employee emp member mbr subscriber insured guarantor physician "
    "doctor provider nurse surgeon payer payee applicant borrower tenant guest student guardian spouse mother father "
    "beneficiary dependent policyholder cardholder recipient sender passenger"
)
_COLUMN_NAMES = ", ".join(
    f"{one} {name}"
    for one in (*_WHOSE, "account holder")
    for name in ("name", "nm", "first name", "last name", "full name")
)

COLUMNS = (
    Column(
        id="person-column",
        words=words(
            "first name, last name, middle name, given name, family name, full name, maiden name, legal name, surname, "
            "first, last, fname, lname, first nm, last nm, patient, employee, contact name, account holder, "
            "cardholder, card holder, payee, guardian, emergency contact, next of kin, student, guarantor, "
            "physician, attending, doctor, nurse, vorname, nachname, familienname, kontoinhaber, prénom, prenom, "
            "nom de famille, achternaam, voornaam, efternamn, förnamn, fornamn, etternavn, efternavn, fornavn, "
            "nazwisko, imię, imie, kundenname, patientenname, etunimi, sukunimi, "
            f"cognome, apellido, apellidos, sobrenome, paciente, paziente, {_COLUMN_NAMES}"
        ),
        type="person",
        value=_CELL,
        check="named",
    ),
    Column(
        id="person-column-weak",
        words=words(
            "name, names, customer, client, contact, member, subscriber, beneficiary, owner, assignee, author, nom, "
            "nome, nombre, naam, namn, navn, person, account name, display name"
        ),
        type="person",
        value=_CELL,
        check="greeted",
        weak=True,
        beside=words(
            "department, dept, role, title, job, job title, occupation, profession, salary, gender, sex, "
            "age, ward, bed, shift, supervisor, manager, employer, hire date, start date, birthday, nationality, "
            "relationship, allergies, allergy, diagnosis, abteilung, funktion, beruf, gehalt, geschlecht, alter, "
            "station, vorgesetzter, poste, fonction, sexe, âge, métier, departamento, cargo, puesto, sexo, edad, "
            "profesión, reparto, ruolo, sesso, età, professione, afdeling, functie, geslacht, leeftijd, beroep, "
            "avdelning, befattning, yrke, kön, ålder, afdeling, stilling, køn, kjønn, alder, osasto, tehtävä, "
            "sukupuoli, ikä, dział, stanowisko, płeć, wiek, função, idade"
        ),
    ),
)

RECOGNIZERS = (
    Recognizer(
        id="person-known",
        type="person",
        pattern=rf"{_PLACED}?(?:{_GIVEN}|{_DOUBTFUL})(?:-[A-Z\xC0][a-z\xE0]+)?(?:['\xB7]s\b)?{_INNER}?{_INNER}?{_INNER}?",
        gate=rf"{_GIVEN}|(?:{_DOUBTFUL}) (?:[A-Z]\.? )?[A-Z\xC0][a-z\xE0]",
        check="known",
        grades=GRADES,
    ),
    Recognizer(
        # As lists have it: `Brandt, Anna`.
        id="person-listed",
        type="person",
        pattern=rf"\b({_WORD}, (?:{_GIVEN})(?: [A-Z]\b\.?)?)",
        gate=f", (?:{_GIVEN})",
        check="listed",
        again=True,
        score=0.75,
    ),
    Recognizer(
        # As systems of hospitals print them: `SMITH,JOHN A`. Not two cells of a row.
        id="person-listed-close",
        type="person",
        pattern=(
            rf"[ \t:|(>\"']((?:{_CAPITALS}{_SUFFIX}?,{_CAPITALS}|{_WORD},{_WORD})"
            rf"(?: (?:{_CAPITALS}|[A-Z])\b\.?)?{_SUFFIX}?)"
        ),
        gate=r"[ \t:|(>\"'][A-Z\xC0][A-Za-z\xC0\xE0'.\-]{1,20},[A-Z\xC0][A-Za-z\xC0\xE0]",
        check="listed_close",
        again=True,
        score=0.75,
    ),
    Recognizer(
        # As forms and laboratories print them; what else stands in capitals is hardly both of a dictionary. Where all
        # is in capitals, only what has a given name near by is looked at.
        id="person-capitals",
        type="person",
        pattern=rf"\b{_CAPITALS}{_FURTHER}(?:{_FURTHER})?(?:{_FURTHER})?",
        gate=rf"{any_of(GIVEN_CAPITALS)}|[A-Z\xC0],? (?:{any_of(name.capitalize() for name in GIVEN_CAPITALS)})",
        check="capitals",
        again=True,
        score=0.75,
    ),
    Recognizer(
        id="person-titled",
        type="person",
        pattern=rf"\b{TITLES}\.? (?:{_ACADEMIC})?(?:{TITLES}\.? (?:{_ACADEMIC})?)?({_TITLED})",
        gate=rf"\b{TITLES}\.? (?:[A-Z\xC0]|{_ACADEMIC}[A-Z\xC0])",
        check="name",
        cleared=_SECONDS,
        again=True,
        score=0.9,
        reason="title",
    ),
    Recognizer(
        # A family name that begins with small words.
        id="person-titled-particle",
        type="person",
        pattern=rf"\b{_OF_PEOPLE}\.? ((?:[A-Z]\. ?){{0,3}}{_PARTICLE} {_LED}{_NAME})",
        gate=rf"\b{_OF_PEOPLE}\.? (?:[A-Z]\. ?){{0,3}}{_PARTICLE} [A-Za-z\xC0]",
        check="name",
        cleared=_SECONDS,
        again=True,
        score=0.85,
        reason="title",
    ),
    Recognizer(
        # `M. Koffi Kouassi`, of which the title may be the first letter of a name, and so of `D. Unai …`.
        id="person-titled-french",
        type="person",
        pattern=rf"\b[MD]\. ({_SHORT}(?: {_FAMILY}){{0,2}})",
        gate=r"\b[MD]\. [A-Z\xC0][a-z\xE0]",
        check="likely",
        again=True,
        score=0.75,
        reason="title",
    ),
    Recognizer(
        id="person-titled-lower",
        type="person",
        pattern=r"\b(?:mr|mrs|ms|dr)\. ([a-z\xE0]+(?:[ \-][a-z\xE0]+)?)",
        gate=r"\b(?:mr|mrs|ms|dr)\. [a-z\xE0]",
        check="name",
        cleared=_SECONDS,
        again=True,
        score=0.7,
        reason="title",
    ),
    Recognizer(
        id="person-labelled",
        type="person",
        pattern=rf"{_LABELS}(?:{_SAYS}|{_CELLS})(?:{TITLES}\.? )?({_LABELLED})",
        gate=rf"(?i:{_LABEL_ENDS})(?:{_SAYS}{_BEGINS}|{_CELL_ENDS})",
        check="named",
        cleared=_OF_THINGS,
        again=True,
        score=0.85,
        reason="label",
    ),
    Recognizer(
        id="person-labelled-surely",
        type="person",
        pattern=rf"(?i:\b{_SURELY})(?:{_SAYS}|{_CELLS})(?:{TITLES}\.? )?({_LABELLED})",
        gate=rf"(?i:\b{_SURELY})(?:{_SAYS}{_BEGINS}|{_CELL_ENDS})",
        check="announced",
        again=True,
        score=0.85,
        reason="label",
    ),
    Recognizer(
        id="person-labelled-noted",
        type="person",
        pattern=rf"(?i:\bname){_NOTED}{_SAYS}(?:{TITLES}\.? )?({_LABELLED})",
        gate=rf"(?i:\bname){_NOTED}{_SAYS}{_BEGINS}",
        check="named",
        cleared=rf"(?i:\b(?:{_NAMED})[ -]name){_NOTED}{_SAYS}",
        again=True,
        score=0.85,
        reason="label",
    ),
    Recognizer(
        id="person-labelled-weakly",
        type="person",
        pattern=rf"{_WEAKLY}{_SAYS}(?:{TITLES}\.? )?({_WHOLE}|{_SHORT},{_SHORT})",
        gate=rf"{_WEAKLY}{_SAYS}{_BEGINS}",
        check="likely",
        again=True,
        score=0.75,
        cleared=_MANAGING,
        reason="label",
    ),
    Recognizer(
        # The second of several.
        id="person-labelled-second",
        type="person",
        pattern=rf"{_SEVERAL}{_SAYS}{_SHORT} {_SHORT}{_PARTED}({_SHORT} {_SHORT})",
        gate=rf"{_SEVERAL}{_SAYS}[A-Z\xC0]",
        check="likely",
        again=True,
        score=0.75,
        reason="label",
    ),
    Recognizer(
        # The third; of more a window may not see the label any more.
        id="person-labelled-third",
        type="person",
        pattern=rf"{_SEVERAL}{_SAYS}(?:{_BRIEFLY} {_BRIEFLY}{_PARTED}){{2}}({_SHORT} {_SHORT})",
        gate=rf"{_SEVERAL}{_SAYS}{_BRIEFLY} {_BRIEFLY}{_PARTED}[A-Z\xC0]",
        check="likely",
        again=True,
        score=0.75,
        reason="label",
    ),
    Recognizer(
        # In the address of an entry of a directory (RFC 4514): no certificate's, whose organization follows.
        id="person-distinguished",
        type="person",
        pattern=rf"\b(?:CN|cn)=({_WHOLE}),(?:OU|ou|CN|cn)=",
        gate=r"\b(?:CN|cn)=[A-Z\xC0]",
        check="likely",
        again=True,
        score=0.75,
        reason="label",
    ),
    Recognizer(
        # What a label names without a sign between, as columns and lists do.
        id="person-labelled-apart",
        type="person",
        pattern=(rf"\b(?i:(?:{_KINDS}|patient|customer|client|employee|member)?[ _]?name)(?:\t| [\-\xB7] )({_WHOLE})"),
        gate=r"(?i:name)(?:\t| [\-\xB7] )[A-Z\xC0]",
        check="likely",
        cleared=rf"(?i:\b(?:{_NAMED})[ -]name)(?:\t| [\-\xB7] )",
        again=True,
        score=0.75,
        reason="label",
    ),
    Recognizer(
        id="person-element",
        type="person",
        pattern=(
            rf"(?i:{_ELEMENTS})(?: [^<>\n]{{0,16}})?>\s{{0,8}}"
            rf"({_FAMILY}(?:,? (?:{_FAMILY}|[A-Z]\b\.?)){{0,2}}|{_FAMILY},{_SHORT}(?: (?:{_SHORT}|[A-Z]\b\.?)){{0,2}})"
            r"\s{0,8}</"
        ),
        gate=rf"(?i:{_ELEMENTS})(?: [^<>\n]{{0,16}})?>",
        check="named",
        score=0.85,
        reason="label",
    ),
    Recognizer(
        # The members of a name: `"name": {"first": "…", "last": "…"}`.
        id="person-member",
        type="person",
        pattern=rf"""{_MEMBERS}\s?:\s?["']({_FAMILY}(?: {_SHORT})?)["'],\s{{0,16}}{_MEMBERS}""",
        gate=rf"""["'],\s{{0,16}}{_MEMBERS}""",
        check="named",
        again=True,
        score=0.8,
        reason="label",
    ),
    Recognizer(
        id="person-member-next",
        type="person",
        pattern=rf"""{_MEMBERS}\s?:\s?["'][^"'\n]{{1,16}}["'],\s{{0,16}}{_MEMBERS}\s?:\s?["']({_FAMILY})["']""",
        gate=rf"""["'],\s{{0,16}}{_MEMBERS}\s?:\s?["']{_BEGINS}""",
        check="named",
        again=True,
        score=0.8,
        reason="label",
    ),
    Recognizer(
        # Before an e-mail address in angle brackets: as headers, quotes of messages and commits have it.
        id="person-addressed",
        type="person",
        pattern=(
            rf"\b({_SHORT}(?:,? (?:[A-Z]\.|{_FAMILY})){{0,2}}(?: {_SHORT})?)[\"']? "
            r"<(?:[A-Za-z0-9._%+\-]{1,14}@|[A-Za-z0-9._%+\-]{15})"
        ),
        gate=r"[A-Za-z\xC0\xE0.][\"']? <[A-Za-z0-9._%+\-]{1,40}@",
        check="likely",
        again=True,
        score=0.8,
        reason="label",
    ),
    Recognizer(
        id="person-quoted",
        type="person",
        pattern=rf"\b({_WHOLE}) (?:wrote|schrieb|escribi\xE0|escreveu|schreef):",
        gate=r"[a-z\xE0A-Z\xC0] (?:wrote|schrieb|escribi\xE0|escreveu|schreef):",
        check="likely",
        again=True,
        score=0.8,
        reason="label",
    ),
    Recognizer(
        # Before what is said of somebody: a birth in brackets, a degree.
        id="person-born",
        type="person",
        pattern=rf"\b({_WHOLE})\.?,? ?\(?{_BORN}[ :]",
        gate=rf"[A-Za-z\xC0\xE0'\xB7.\-],? ?\(?{_BORN}[ :]",
        check="likely",
        again=True,
        score=0.8,
        reason="label",
    ),
    Recognizer(
        id="person-degree",
        type="person",
        pattern=rf"\b({_WHOLE}, (?:{_DEGREES})\b(?: [0-9]{{5}})?)",
        gate=rf"[A-Za-z\xC0\xE0], (?:{_DEGREES})\b",
        check="qualified",
        again=True,
        score=0.8,
        reason="label",
    ),
    Recognizer(
        # A visiting card (RFC 6350 §6.2) and an entry of a directory (RFC 4519 §2.3, §2.32).
        id="person-card",
        type="person",
        pattern=rf"\b{_ENTRIES}({_FAMILY}(?:[ ;]{_FAMILY}){{0,2}})",
        gate=rf"\b{_ENTRIES}[A-Za-z\xC0]",
        check="carded",
        score=0.8,
        reason="label",
    ),
    Recognizer(
        id="person-closing",
        type="person",
        pattern=rf"(?i:\b(?:{_GREETINGS})),?{_LINES}({_NAME})",
        gate=rf"(?i:\b(?:{_GREETINGS})),?{_LINES}[A-Z\xC0]",
        check="greeted",
        again=True,
        score=0.7,
        reason="greeting",
    ),
    Recognizer(
        id="person-closing-short",
        type="person",
        pattern=rf"{_CLOSINGS},?(?:\r?\n(?:\r?\n)?| )({_NAME})",
        gate=rf"{_CLOSINGS},?(?:\r?\n(?:\r?\n)?| )[A-Z\xC0]",
        check="likely",
        again=True,
        score=0.7,
        reason="greeting",
    ),
    Recognizer(
        id="person-thanking",
        type="person",
        pattern=rf"{_THANKS}({_NAME})",
        gate=rf"{_THANKS}[A-Z\xC0]",
        check="greeted",
        again=True,
        score=0.7,
        reason="greeting",
    ),
    Recognizer(
        id="person-introduced",
        type="person",
        pattern=rf"(?i:\b(?:{_INTRODUCTIONS})) (?:{TITLES}\.? )?({_NAME})",
        gate=rf"(?i:\b(?:{_INTRODUCTIONS})) {_BEGINS}",
        check="name",
        again=True,
        score=0.7,
        reason="introduced",
    ),
    Recognizer(
        id="person-introduced-weakly",
        type="person",
        pattern=rf"(?i:\b(?:{_WEAK_INTRODUCTIONS})) ({_SHORT} {_FAMILY})",
        gate=rf"(?i:\b(?:{_WEAK_INTRODUCTIONS})) [A-Z\xC0]",
        check="likely",
        again=True,
        score=0.7,
        reason="introduced",
    ),
    Recognizer(
        id="person-introduced-lower",
        type="person",
        pattern=r"(?i:\bmy name is|\bname's) ([a-z\xE0]+(?: [a-z\xE0'\-]+)?)",
        gate=r"(?i:\bmy name is|\bname's) [a-z\xE0]",
        check="name",
        again=True,
        score=0.65,
        reason="introduced",
    ),
    Recognizer(
        id="person-patient",
        type="person",
        pattern=rf"\b(?i:{_ROLES}) ({_WORD}{_INNER}{_INNER}?)",
        gate=rf"\b(?i:{_ROLES}) [A-Z\xC0]",
        check="name",
        again=True,
        score=0.75,
        reason="role",
    ),
    Recognizer(
        # Who is a party to something is named so by claims and disputes, and so are products and departments.
        id="person-party",
        type="person",
        pattern=rf"\b(?i:{_PARTIES}) \(?({_SHORT} {_FAMILY})",
        gate=rf"\b(?i:{_PARTIES}) \(?[A-Z\xC0]",
        check="likely",
        again=True,
        score=0.7,
        reason="role",
    ),
    Recognizer(
        # `The claimant, …, was admitted`
        id="person-party-apposed",
        type="person",
        pattern=rf"{_SAID_OF}({_SHORT} {_FAMILY})",
        gate=rf"{_SAID_OF}[A-Z\xC0]",
        check="likely",
        again=True,
        score=0.75,
        reason="role",
    ),
    Recognizer(
        # `I, Ada Byron, of 12 Elm Way, say`
        id="person-declaring",
        type="person",
        pattern=rf"\bI, ({_SHORT}(?: {_FAMILY}){{1,2}}), {_DECLARES}",
        gate=r"\bI, [A-Z\xC0]",
        check="named",
        again=True,
        score=0.8,
        reason="introduction",
    ),
    Recognizer(
        id="person-relative",
        type="person",
        pattern=rf"{_RELATIVES}{_CALLED} ({_SHORT}(?: {_FAMILY})?)",
        gate=rf"{_RELATIVES}{_CALLED} [A-Z\xC0]",
        check="named",
        again=True,
        score=0.75,
        reason="role",
    ),
    Recognizer(
        # A title that is a word of other languages, before the endings that families of that language have.
        id="person-titled-polish",
        type="person",
        pattern=(
            r"\b[Pp]an(?:a|u|em|i\xE0|ie)? ((?:[A-Z\xC0][a-z\xE0]{1,13} )?"
            r"[A-Z\xC0][a-z\xE0]{1,13}(?:sk|ck|dzk)(?:i|a|iego|iej|iemu|im|\xE0)|"
            r"(?:[A-Z\xC0][a-z\xE0]{1,13} )?[A-Z\xC0][a-z\xE0]{1,13}(?:wicz|czyk|czak|\xE0ski)(?:a|owi|em)?)\b"
        ),
        gate=r"\b[Pp]an(?:a|u|em|i\xE0|ie)? [A-Z\xC0]",
        again=True,
        score=0.85,
        reason="title",
    ),
)
