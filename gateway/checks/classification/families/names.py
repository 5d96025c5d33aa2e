"""Names of people, where a title or a label says that a name follows."""

from gateway.checks.classification.patterns import any_of
from gateway.checks.classification.people import GIVEN_CAPITALS, GRADES
from gateway.checks.classification.recognizer import Lexicon, Recognizer
from gateway.checks.classification.tables.first_names import DOUBTFUL, FIRST

_WORD = r"(?:[A-Z\xC0]['\xB7]?[a-z\xE0]*(?:['\xB7\-]?[A-Z\xC0]?[a-z\xE0]+)+|[A-Z\xC0]{2,}(?:['\-][A-Z\xC0]{2,})?)"
_INNER = (
    rf"(?: (?:[A-Z]\.|(?:van|von|de|der|den|da|di|du|del|la|le|el|al|bin|ibn|ter|zu) ?(?:{_WORD})|{_WORD}|[A-Z]\b))"
)
_NAME = rf"{_WORD}{_INNER}?{_INNER}?{_INNER}?"
_TITLED = rf"(?:[A-Z]\. ?)?(?:[A-Z]\. ?)?{_NAME}"
TITLES = (
    r"(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Doctor|Nurse|Sir|Madam|Lord|Lady|Rev|Reverend|Father|Sister|Judge|"
    r"Justice|Capt|Captain|Sgt|Sergeant|Lt|Col|Gen|Hon|Herr|Frau|Monsieur|Madame|Mme|Mlle|Se\xE0or|Se\xE0ora|Sr|Sra|"
    r"Don|Do\xE0a|D\xE0a|Dra|Signor|Signora|Dott\.ssa|Dott|Sig\.ra|Sig\.na|Sig|sig\.ra|sig|Avv|Ing|Eng|mr|mrs|ms|"
    r"dr|MR|MRS|MS|DR)"
)
_LABELS = (
    r"(?i:\b(?:patient(?:[ _]?name|'s name)?|(?:full|first|last|middle|given|family|sur|maiden|legal|user|customer|"
    r"client|member|employee|contact|account holder|nominee|beneficiary|insured|spouse|mother's maiden|next of kin|"
    r"emergency contact)?[ _]?name|surname|client|customer|card ?holder|member|employee|subscriber|insured|"
    r"beneficiary|physician|doctor|provider|attending|surgeon|nurse|caller|applicant|borrower|tenant|guardian|"
    r"next of kin|emergency contact|attn|attention|contact|sender|recipient|ship to|bill to|billing address|"
    r"directed by|signed|signed by|regards|sincerely|best|cheers|thanks|author|interviewer|witness|claimant|plaintiff|"
    r"defendant|student|patientin|versicherter|vorname|nachname|kontoinhaber(?:in)?|paziente|paciente|assicurat[oa]|"
    r"assistit[oa]|asegurad[oa]|segurad[oa]|benefici[a\xE0]ri[oa]|utente|titular|solicitante|nominativo|cognome|nome|"
    r"nombre|apellidos|m[e\xE0]dic[oa](?: curante| richiedente| respons[a\xE0]vel| responsable| tratante)?|fdo\.|"
    r"firmado))"
)
_LABEL_ENDS = (
    r"name|\b(?:patient|client|customer|card ?holder|member|employee|subscriber|insured|beneficiary|physician|doctor|"
    r"provider|attending|surgeon|nurse|caller|applicant|borrower|tenant|guardian|kin|contact|attn|attention|sender|"
    r"recipient|to|address|by|signed|regards|sincerely|best|cheers|thanks|author|interviewer|witness|claimant|"
    r"plaintiff|defendant|student|patientin|versicherter|kontoinhaber(?:in)?|pa[zc]iente|assicurat[oa]|assistit[oa]|"
    r"a?segurad[oa]|benefici[a\xE0]ri[oa]|utente|titular|solicitante|nominativo|cognome|nome|nombre|apellidos|"
    r"m[e\xE0]dic[oa]|curante|richiedente|respons[a\xE0]vel|responsable|tratante|fdo\.|firmado)"
)
_BEGINS = r"(?:[A-Z\xC0]|(?:mr|mrs|ms|dr)\.? )"
"""How a name begins, a title before it or not."""
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
_GREETINGS = "regards|sincerely|cheers|yours|wishes|dear|hello|hi|hey|morning|evening"
_INTRODUCTIONS = (
    "name is|name's|named|i am called|this is|speaking with|spoke with|spoke to|i'm|i am|on behalf of|ask for|"
    "signed by|seen by|referred by|treated by|reviewed by"
)
_ROLES = (
    "name|patients?|pt|client|customer|member|employee|nurse|husband|wife|son|daughter|mother|father|brother|sister"
)


_PLACED = r"(?:\b(?:New|Port|North|South|East|West|Lake|Fort|Mount|Mt|Saint|St|San|Santa)\.? )"
_CAPITALS = r"[A-Z\xC0]{1,3}['\xB7\-]?[A-Z\xC0]{1,20}(?:-[A-Z\xC0]{2,20})?"
_FURTHER = rf",? (?:{_CAPITALS}\b|[A-Z\xC0][a-z\xE0]{{1,20}}(?:-[A-Z\xC0][a-z\xE0]{{1,20}})?|[A-Z]\b\.?)"
_GIVEN, _DOUBTFUL = any_of(FIRST), any_of(DOUBTFUL)

LEXICONS: tuple[Lexicon, ...] = ()

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
        pattern=rf"\b{TITLES}\.? ({_TITLED})",
        gate=rf"\b{TITLES}\.? [A-Z\xC0]",
        check="name",
        cleared=_SECONDS,
        again=True,
        score=0.9,
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
        pattern=(
            rf"""{_LABELS}["']?[ \t]?[:=][ \t\n]{{0,4}}["']?(?:{TITLES}\.? )?"""
            rf"({_TITLED}(?:, {_WORD}(?: [A-Z]\.)?)?)"
        ),
        gate=rf"""(?i:{_LABEL_ENDS})["']?[ \t]?[:=][ \t\n]{{0,4}}["']?{_BEGINS}""",
        check="name",
        cleared=_OF_THINGS,
        again=True,
        score=0.85,
        reason="label",
    ),
    Recognizer(
        id="person-closing",
        type="person",
        pattern=rf"(?i:\b(?:{_GREETINGS})),?[ \n]{{1,2}}({_NAME})",
        gate=rf"(?i:\b(?:{_GREETINGS})),?[ \n]{{1,2}}[A-Z\xC0]",
        check="name",
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
)
