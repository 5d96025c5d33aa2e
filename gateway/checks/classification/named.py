"""Whether what stands where a name is announced names a person or a thing: `{"name": "Monthly Revenue Report"}`.

APIs name everything so. What is no person is told by its words: all of them are common English words for things, what
is done with them and how they are, or the last is one that only things end with. A given name of the dictionary, or a
family name at the end, is believed.
"""

import hashlib
import re

from gateway.checks.classification.people import BEFORE, PARTICLES
from gateway.checks.classification.recognizer import entries
from gateway.checks.classification.tables.first_names import DOUBTFUL, FIRST
from gateway.checks.classification.tables.last_names import LAST
from gateway.checks.classification.tables.places import PLACES
from gateway.checks.classification.validators import NOT_NAMES, Check, Verdict, name

_CODED = re.compile(r"\S*(?:_|(?<=\S)[\[(])\S*")
"""A word that goes on as one of code."""
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]+")
"""The words of a name of code (`DataTypes`)."""
_FORMS = frozenset(
    entries(
        "inc incorporated llc ltd limited gmbh ag corp corporation plc llp sarl srl pty holdings group foundation "
        "university institute hospital clinic association committee ministry agency council"
    )
)
"""With which organizations name themselves, whatever stands before."""
_HEADS = frozenset(
    entries(
        "entwickler entwicklerin ingenieur ingenieurin staatsbürger staatsbürgerin berater beraterin leiter leiterin "
        "student studentin lehrer lehrerin mitarbeiter mitarbeiterin assistent assistentin kaufmann kauffrau "
        "fachkraft generaliste généraliste commercial commerciale financier financière marketing informatique "
        "ingénieur infirmier infirmière conseiller conseillère comercial general ingeniero ingeniera enfermera "
        "ontwikkelaar adviseur medewerker verpleegkundige sviluppatore ingegnere infermiera utvecklare "
        "developer author contributor maintainer authority organization organisation community office bureau partner "
        "kickoff pizza salad soup sandwich coffee tea juice burger cake bread milk cheese "
        "account action adapter address agenda agent agreement alert algorithm analysis analytics api app "
        "application archive area article assessment asset assistant attachment audit backend backlog backup balance "
        "banner batch billing board bot box branch briefing browser bucket budget bug build bundle button cache "
        "calculator calendar campaign canvas catalog category certificate channel chart chat checklist checkout "
        "class client cloud cluster code collection column command comment component config configuration connection "
        "connector console contract controller conversation copy course coverage credentials dashboard data database "
        "dataset default definition delivery demo department deployment description desktop details development "
        "device diagram digest directory discount display docs document documentation domain download draft driver "
        "editor element email endpoint engine entity entry environment error estimate evaluation event example "
        "experiment export extension feature feed feedback field file filter firewall folder forecast form format "
        "forum framework frontend function gateway generator guide handbook handler header helper history home hook "
        "image import inbox incident index integration interface inventory invoice issue item job journal key kit "
        "label landing language layer layout ledger library license list listener log login logs machine mailbox "
        "manual map market marketing matrix memory menu message metric metrics middleware migration milestone mode "
        "model module monitor monitoring network news newsletter node note notes notebook notification number object "
        "onboarding operation operations option order outage output overview package page panel parser password "
        "payload payment payments payroll permission pipeline plan planner platform playbook playlist plugin policy "
        "poll pool portal position post preferences presentation pricing printer procedure process processing "
        "processor product production profile program project prompt proposal protocol provider proxy purchase query "
        "question queue quota quote receipt record recovery region registry release reminder renewal repo report "
        "reporting repository request requirement requirements research resource response result results revenue "
        "review roadmap role rollout router rule runner sample sandbox schedule scheduler schema scope screen script "
        "sdk search section security segment sensor server service services session settings sheet shipping shop "
        "site software solution source space spec specification spreadsheet sprint stack staging standard statement "
        "statistics status storage store story strategy stream subscription suite summary survey switch sync syntax "
        "system table tag target task taxonomy team template terminal test ticket timeline timesheet title token "
        "tool toolkit topic tracker tracking training transaction transfer trigger tutorial type unit update upgrade "
        "upload usage user validation value variable vendor version video view volume wallet warehouse webhook "
        "payable receivable spring springs city county overflow website widget window wizard workbook worker "
        "workflow workspace zone cable camera charger chair desk dress headphones jacket keyboard lamp laptop mouse "
        "phone shirt shoe sofa speaker tablet watch graphics meeting therapy pass terms ca coverage"
    )
)
"""Things, as a name of several words ends with them."""
_COMMON = (
    _HEADS
    | _FORMS
    | NOT_NAMES
    | frozenset(
        entries(
            "abandoned about access active activity actual add adjusted admin administration advanced aggregate all "
            "annual anonymous any approval approve approved assign assigned async auto automated automatic "
            "automation available average base basic best beta big black blue boolean bottom bronze brown bulk "
            "business busy buy calculate call cancel cancelled card cash center central change check clean clear "
            "close closed cold common compact company compare complete completed compliance compute confirm connect "
            "contact content continuous convert copper core corporate cost count create created credit critical "
            "cross current custom customer daily date day debug delete deleted demand deploy digital direct disable "
            "disabled done double draft duplicate dynamic edit electric employee empty enable enabled encrypted end "
            "engineering enterprise error executive existing expense extended external extra failed fallback fast "
            "fetch final finance financial find first fixed flash flat float food foo bar baz free full general "
            "generate generic get global gold good graphics gray grey green growth half hardware health heavy help "
            "hidden high holiday hot hotel hourly hr human inactive inbound incoming info information initial input "
            "insert inside instant insurance integer internal international invalid invite item january joint junior "
            "key kitchen knowledge large last launch lead leather legacy legal less level light limited line link "
            "live load local locked logical logo long low mail main maintenance management manager mandatory manual "
            "manufacturing mass master max maximum media medical medium meeting member merge metal micro mid mini "
            "minimum minor mixed mobile monthly more morning move multi music my native net new next night no "
            "nightly none normal north null off office offline old on online open optional orange orphaned other out "
            "outbound overdue owned paid parent partial partner party pending people performance permanent personal "
            "photo physical pickup ping pink plain plastic play plus popular power premium previous price primary "
            "print priority privacy private pro procurement promo public publish pull purple push quality quarterly "
            "quick random rate raw read ready real recent recurring red refund regional register regular related "
            "remote remove rental replace reply required reset resolved restart restore retail retry return root "
            "round run running safe safety sale sales save scan scheduled second secondary secret secure select self "
            "sell send senior set setup shared ship short show sick sign silver simple single site size small smart "
            "social south spam special sport standard start static stop string submit sum super supply support "
            "system tax technical temp temporary text third tiny today top total trade transport travel tree trial "
            "turn unassigned undefined unified unit universal unknown unread untitled urgent usb user vacation valid "
            "vehicle virtual visitor voice waiting warning water weather web week weekend weekly welcome west white "
            "wide wireless wood work world write yearly yellow yes a11y wifi sql json xml csv pdf html http https "
            "url id ui ux ai ml it ip tcp udp dns vpn iot crm erp kpi roi faq usd eur valued unique exact attending "
            "recipient preferred fully numeric whether identifier host port path shell env region lang tz hostname "
            "authorization accept encoding control cookie origin referer etag match modified range vary pragma "
            "forwarded if set agent www authenticate idempotency trace traceparent prefer since optional mapped "
            "annotated dict tuple vec arc varchar faker anthropic openai root banco location after non empty"
        )
    )
)
"""What a name of a thing may be made of, and hardly a person's is. Family names are asked for besides."""
_SAID = frozenset(
    entries(
        "denies denied reports reported states stated presents presented complains complained feels felt continues "
        "continued tolerated tolerates remains remained admitted discharged appears alert awake stable unstable doing "
        "refuses refused understands understood verbalized verbalizes verbalised ambulating ambulates resting educated "
        "instructed taking takes needs wants lives works confirmed confirms male female unable given received receives "
        "requesting requests requested awaiting transferred asymptomatic afebrile acknowledged agrees agreed declines "
        "declined tolerating seen unresponsive intubated sedated oriented cooperative nonverbal pregnant deceased "
        "unique exact full attending optional preferred primary numeric fully identifier whether mapped annotated dict"
    )
)
"""What is said of a patient behind a colon, and what a field is described as: nobody begins so but who is of a
dictionary."""
DIGEST = hashlib.sha256(
    " ".join((*sorted(_COMMON), "/", *sorted(_HEADS), "/", *sorted(_FORMS), "/", *sorted(_SAID))).encode()
).hexdigest()
"""Part of the version of what ships."""


def _is_any(word: str, known: frozenset[str]) -> bool:
    return word in known or (word[-1:] == "s" and word[:-1] in known) or ("-" in word and _is_compound(word, known))


def _is_compound(word: str, known: frozenset[str]) -> bool:
    """Whether all of a word with hyphens (`Content-Type`, `X-Request-Id`) is known, but for single letters."""
    pieces = [piece for piece in word.split("-") if len(piece) > 1]
    return bool(pieces) and all(_is_any(piece, known) for piece in pieces)


def _spoken(text: str) -> list[str]:
    """The words of a name, without marks around them and without initials."""
    found = [token.strip(".,;:\"'\u2019()") for token in text.replace(",", " ").split()]
    return [token for token in found if len(token) > 1]


def _is_known(words: list[str]) -> bool:
    """Whether one of these words is a name of a dictionary."""
    return any(word.capitalize() in table for word in words for table in (FIRST, DOUBTFUL, LAST))


def is_thing(text: str) -> bool:
    """Whether words that stand where a name may are a thing's, or an organization's."""
    tokens = _spoken(text)
    small = [token.lower() for token in tokens]
    if not tokens or not _FORMS.isdisjoint(small):
        return bool(tokens)
    first, last = tokens[0].capitalize(), tokens[-1].capitalize()
    if first in FIRST or last in LAST:
        return False
    if len(tokens) == 1 and len(parts := _CAMEL.findall(tokens[0])) > 1 and not tokens[0].isupper():
        return is_thing(" ".join(parts))
    if len(tokens) == 1:
        return first not in DOUBTFUL and _is_any(small[0], _COMMON)
    return _is_any(small[-1], _HEADS) or all(_is_any(token, _COMMON) for token in small)


def announced(text: str) -> Verdict | None:
    """A name behind a label: not what is said of a patient, nor a name of code (`MAX_RETRIES`, `Mapped[`), which goes
    on behind it."""
    token = _CODED.search(text) if "_" in text or "[" in text or "(" in text else None
    if token is not None and not _is_joined(token[0]):
        return None
    first = text.partition(" ")[0].rstrip(".,:").partition(",")[0]
    if first.lower() in _SAID and not _is_known([first]):
        return None
    return name(text)


def _is_joined(token: str) -> bool:
    """Whether a token with underscores is a name's words (`Anna_Smith`)."""
    pieces = token.split("_")
    return len(pieces) > 1 and all(piece.isalpha() and piece.istitle() for piece in pieces)


def named(text: str) -> Verdict | None:
    """A name where one was announced, of whom or of what was not said: not a thing's."""
    verdict = announced(text)
    if verdict is None or is_thing(text):
        return None
    return None if verdict[2] < len(text) and is_thing(text[: verdict[2]]) else verdict


def likely(text: str) -> Verdict | None:
    """A name where little announces one: all of it, of two words or of a dictionary, no town's and no thing's."""
    verdict = named(text)
    if verdict is None or text.strip() in PLACES or text.split(" ")[0] in BEFORE:
        return None
    kept = text[: verdict[2]]
    words = [token for token in _spoken(kept) if token not in PARTICLES]
    told = len(words) > 1 or _is_known(words)
    whole = not text[verdict[2] :].strip(" .,")
    return verdict if told and whole else None


def qualified(text: str) -> Verdict | None:
    """A name before a degree; no town before its state (`Chevy Chase, MD 20815`)."""
    return None if text[-1].isdigit() else likely(text.rpartition(", ")[0])


def carded(text: str) -> Verdict | None:
    """A name on a visiting card or in a directory, its parts apart by spaces or semicolons: not a thing's."""
    return ("name", 0, len(text)) if named(text.replace(";", " ")) is not None else None


def greeted(text: str) -> Verdict | None:
    """A name behind a greeting: not a thing's, nor one word in capitals that no dictionary knows (`Dear TOKEN`)."""
    verdict = named(text)
    if verdict is None:
        return None
    kept = text[: verdict[2]]
    alone = kept.isupper() and " " not in kept
    return None if alone and not _is_known([kept]) else verdict


def housed(text: str) -> Verdict | None:
    """A street with its number in a column of addresses: not a thing that is counted (`Line 1`)."""
    name_of = " ".join(token for token in text.split() if not token[0].isdigit())
    return None if is_thing(name_of) and " " not in name_of else ("heading", 0, len(text))


CHECKS: dict[str, Check] = {
    "announced": announced,
    "named": named,
    "likely": likely,
    "qualified": qualified,
    "carded": carded,
    "greeted": greeted,
    "housed": housed,
}
