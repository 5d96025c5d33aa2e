"""What is done for data subjects in a generated year, and what should not have left."""

from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from benchmarks.year_exchanges import Exchange
from benchmarks.year_hand import DAY_US, HOUR_US, START_US, YEAR_US, Drawn, Hand, of_person
from benchmarks.year_messages import ERASED_AT
from benchmarks.year_persons import ASKED, ERASED, ONE, OTHER
from gateway.ledger.record import ClassesInfo, Detail, OutcomeInfo, timestamp

OFFICER: dict[str, Any] = {"actor": "ac_privacy", "actor_kind": "person"}
OPERATOR: dict[str, Any] = {"actor": "ac_operator", "actor_kind": "person"}
STEPS = (
    ("linked", "linked"),
    ("restricted", "restricted"),
    ("restricted", "lifted"),
    ("held", "proposed"),
    ("held", "placed"),
    ("held", "lifted"),
    ("rectified", "rectified"),
    ("merged", "merged"),
    ("merged", "split"),
)
DONE = {
    "linked": ("kind mrn",),
    "merged": ("su_first is one with su_second",),
    "split": ("su_first is not one with su_second",),
    "requested": ("identity desk 3",),
}
"""What the detail of a step says beside its reason."""
SEARCH = Detail(issuer="host", method="os", reason="a later engine", subject="operator")
"""What the detail of a search says, which somebody starts at the command line."""
SENT = 5_001
"""The number of the record that a finding says something was sent with."""
NOTIFY_US, INDIVIDUALS_US = 72 * HOUR_US, 60 * DAY_US
ELSEWHERE = (
    "archive ar_00000000000000000000000001: 12 records",
    "emergency em_00000000000000000000000002: its file is not at hand",
)


class Subjects:
    """Draws what data subjects ask for."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._truth = hand, hand.truth
        self._open: dict[str, Any] = {}
        """The case that was open when the year began, and ends in it."""

    def before(self) -> None:
        """What was asked before the year: answered before it, answered in it, and never."""
        at = START_US - 25 * DAY_US
        self.refused(at, "su_before_1", "c")
        self._open = self._requested(at + DAY_US, "su_before_2")
        self._requested(at + 2 * DAY_US, "su_before_3")

    def draw(self, number: int, at: int) -> None:
        """Beside the exchange of this number."""
        if number % 350 == 31:
            step, code = STEPS[number // 350 % len(STEPS)]
            count = 2 if step == "linked" else None
            self._step(at, step, code, self._hand.subject(), case=self._case() if step == "held" else None, count=count)
        if number % 400 == 57:
            self._shown(at, ("shown", "not_found", "listed")[number // 400 % 3])
        if number % 500 == 43:
            subject, place = self._hand.subject(), number // 500 % 4
            if place == 0:
                self.accessed(at, subject, "answered", ELSEWHERE[:1])
            elif place == 1:
                self.accessed(at, subject, "late", ())
            elif place == 2:
                self.refused(at, subject, "hold")
            else:
                self.erased(at, subject)

    def told(self) -> None:
        """The cases of those persons who are watched, at their times, and of some of whom no more is asked."""
        self._destroyed(START_US + DAY_US, self._open, "su_before_2")
        self._requested(START_US + YEAR_US // 2, "su_forgotten")
        self._requested(START_US + YEAR_US - 20 * DAY_US, "su_not_due")
        asked = START_US + YEAR_US * 3 // 10
        self.accessed(asked, ASKED, "answered", ELSEWHERE)
        self._step(asked + DAY_US, "rectified", "rectified", ASKED, range=(900, 901))
        self._step(asked + 2 * DAY_US, "restricted", "restricted", ASKED)
        self._step(asked + 9 * DAY_US, "restricted", "lifted", ASKED)
        self.accessed(asked + 90 * DAY_US, ASKED, "late", (), lost=True)
        self.refused(asked + 99 * DAY_US, ASKED, "b")
        self._step(START_US + YEAR_US // 4, "merged", "merged", ONE, others=(OTHER,))
        self.accessed(ERASED_AT - 20 * DAY_US, ERASED, "answered", ())
        self.erased(ERASED_AT + DAY_US // 2, ERASED)

    def accessed(self, at: int, subject: str, code: str, elsewhere: tuple[str, ...], *, lost: bool = False) -> None:
        """An access, which did not look into some places. `lost`: it says so in a detail that was deleted."""
        case = self._case()
        lines = ("identity desk 3", *(ELSEWHERE if lost else elsewhere))
        asked = timestamp(at - (45 if code == "late" else 3) * DAY_US)
        made = self._step(at, "access", code, subject, case=case, began=asked, lines=lines, lost=lost)
        self._truth.readings.add(timestamp(at), "ac_privacy", "person", "subject.access")
        if made:
            for line in elsewhere:
                for steps in self._of(subject):
                    steps.elsewhere.add(at, timestamp(at), case, line)

    def _shown(self, at: int, code: str) -> None:
        """Somebody is looked up, or nobody is found, or cases are listed."""
        subject, count = (self._hand.subject() if code == "shown" else None), 3 if code == "listed" else None
        told = {} if subject is None else {"subjects": (subject,)}
        detail, outcome = of_person("privacy-office", **told), OutcomeInfo(code=code)
        self._hand.put("subject.shown", at, detail, subject=subject, count=count, outcome=outcome, **OFFICER)
        self._truth.readings.add(timestamp(at), "ac_privacy", "person", "subject.shown")

    def refused(self, at: int, subject: str, ground: str) -> None:
        """An erasure that is asked for and refused; by a hold at once."""
        case, asked = self._case(), timestamp(at - DAY_US)
        if ground == "hold":
            self._step(at, "erasure-refused", "hold", subject, case=case, began=asked, legal_basis="Art. 17(1)(a)")
            return
        self._step(at, "erasure", "requested", subject, case=case, began=asked, legal_basis="Art. 17(1)(b)")
        basis = f"Art. 17(3)({ground})"
        self._step(at + 5 * DAY_US, "erasure-refused", ground, subject, case=case, began=asked, legal_basis=basis)

    def erased(self, at: int, subject: str) -> None:
        """An erasure from its request to its end."""
        self._destroyed(at + 30 * HOUR_US, self._requested(at, subject), subject)

    def _requested(self, at: int, subject: str) -> dict[str, Any]:
        """An erasure as far as somebody has to say something of it; what its records have in common."""
        case: dict[str, Any] = {
            "case": self._case(),
            "legal_basis": "Art. 17(1)(a)",
            "began": timestamp(at - 2 * DAY_US),
        }
        for after, code in ((0, "requested"), (HOUR_US, "approved"), (2 * HOUR_US, "deferred")):
            self._step(at + after, "erasure", code, subject, **case)
        return case

    def _destroyed(self, begun: int, case: dict[str, Any], subject: str) -> None:
        keys, recipients = ("k1", "k2"), ("cloud-writer", "letters")
        reached: dict[str, Any] = {**case, "count": 4, "keys": keys}
        self._step(begun, "erasure", "begun", subject, by=False, **reached)
        end, until = begun + 200_000_000, timestamp(begun + 30 * DAY_US)
        told: dict[str, Any] = {"recipients": recipients, "backups_until": until}
        self._step(end, "erased", "erased", subject, by=False, **reached, **told)
        for steps in self._of(subject):
            steps.erased.add(end, timestamp(end), case["case"], subject, 4, 2, "cloud-writer, letters", until)
        self._truth.destroyed.add(end, timestamp(end), "subject.erased", 4, "erased")

    def _step(
        self,
        at: int,
        step: str,
        code: str,
        subject: str,
        *,
        by: bool = True,
        lines: tuple[str, ...] | None = None,
        others: tuple[str, ...] = (),
        lost: bool = False,
        **fields: Any,
    ) -> bool:
        """One record; whether its detail is still there."""
        event, who = f"subject.{step}", OFFICER if by else {}
        why = "none" if step == "linked" else f"as asked in the letter of {timestamp(at)[:10]}"
        told: dict[str, Any] = {"subjects": (subject, *others), "diff": lines or DONE.get(code)}
        detail = of_person("privacy-office", reason=None if why == "none" else why, **told) if by else Detail(**told)
        outcome = OutcomeInfo(code=code)
        drawn = self._hand.put(event, at, detail, lost=lost, subject=subject, outcome=outcome, **who, **fields)
        if "began" in fields:
            self._requests(at, step, code, subject, fields["case"], fields["began"], drawn)
        if self._hand.early:
            return not drawn.gone
        for steps in self._of(subject):
            steps.steps[event, code] += 1
            case, ground = fields.get("case") or "none", fields.get("legal_basis") or "none"
            steps.cases.add(at, timestamp(at), event, code, case, subject, ground)
            if by:
                steps.reasons.add(at, timestamp(at), event, code, case, "ac_privacy", drawn.said(why))
        return not drawn.gone

    def _requests(self, at: int, step: str, code: str, subject: str, case: str, received: str, drawn: Drawn) -> None:
        """What is told of a case after this step; of all cases that began before the year by those open then."""
        what, ended = (
            step.partition("-")[0].replace("erased", "erasure"),
            "none" if step == "erasure" else timestamp(at),
        )
        row: list[str | int] = [what, subject, received, _month_later(received), ended, code]
        early = self._hand.early
        if early and step == "erasure":
            self._truth.stands.cases[case] = drawn
        elif early:
            self._truth.stands.cases.pop(case, None)
        if what == "erasure":
            self._truth.erasures.steps.append((case, _month_later(received), early, step == "erasure"))
        every = [self._truth.subjects] if early else self._of(subject)
        for steps in every:
            first = (at, drawn.envelope.id) if case not in steps.requests else steps.requests[case][0]
            steps.requests[case] = (first, row)
            if early and step != "erasure":
                del steps.requests[case]

    def _of(self, subject: str) -> list[Any]:
        """All persons' steps, and the person's own."""
        return [self._truth.subjects, *(one.subjects for one in self._truth.persons.about((subject,)))]

    def _case(self) -> str:
        return self._hand.name("sc")


def _month_later(received: str) -> str:
    """The same day of the next month, or its last one."""
    year, month, day = int(received[:4]), int(received[5:7]), int(received[8:10])
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}-{min(day, last):02d}T23:59:59.999999Z"


class Incidents:
    """Draws what should not have left, and what people make of it."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._truth = hand, hand.truth
        self._open = list[list[str | int]]()
        """Those that were open when the year began, as the truth tells them."""

    def before(self) -> None:
        """Incidents of before the year: closed before it, closed in it, and never."""
        for turn in range(3):
            at = START_US - (150 - turn) * DAY_US
            drawn, row = self._put(at, f"ex_early_{turn}", ("letters", "partner"), marked=turn == 1)
            if turn == 0:
                self._close(at + DAY_US, drawn.envelope.id, "mistaken", "letters", "partner")
                continue
            self._truth.stands.incidents.append(drawn)
            self._open.append(self._truth.incidents_before.add(at, *row))

    def told_late(self) -> None:
        """What becomes of incidents of before the year."""
        self.closed(START_US + 3 * DAY_US, self._open[0], "breach")

    def draw(self, number: int, one: Exchange) -> None:
        """What a later engine finds in an exchange, and what a person marks in it."""
        if number % 400 == 47:
            self.searched(one.at + DAY_US, one, ("ok", "undecided")[number // 400 % 2])
        if followed(number):
            at = one.at + 5 * DAY_US
            self.searched(at, one, "should_not_have_left")
            incident = self.opened(at, one, "should_not_have_left")
            place = number // 700 % 4
            if place < 3:
                code = ("no_breach", "breach", "mistaken")[place]
                self.closed(at + HOUR_US, incident, code)
            if place == 1:  # somebody closes it once more: the first word counts
                self.closed(at + 2 * HOUR_US, incident, "mistaken", first=False)
            if place == 2:  # and a person has marked something in it, too
                self.opened(at + 3 * HOUR_US, one, "marked")

    def searched(self, at: int, one: Exchange, code: str) -> None:
        """What was kept is searched again."""
        found = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())
        self._truth.searched[code] += 1
        by = {**OPERATOR, **_place(one.id, one.agent.agent, one.agent.zone)}
        types = {"mrn": 1}
        self._hand.put(
            "exchange.reclassified",
            at,
            SEARCH,
            classes=found,
            found=types,
            scanned="complete",
            outcome=OutcomeInfo(code=code),
            **by,
        )

    def opened(self, at: int, one: Exchange, code: str) -> list[str | int]:
        """An incident of an exchange; its row in the truth."""
        place = (one.agent.agent, one.agent.zone)
        drawn, row = self._put(at, one.id, place, marked=code == "marked")
        self._truth.exchange_of[drawn.envelope.id] = one.id
        return self._truth.incidents.add(at, *row)

    def _put(self, at: int, exchange: str, place: tuple[str, str], *, marked: bool) -> tuple[Drawn, list[str | int]]:
        """The record of one, and its row."""
        found = {"religion": 2} if marked else {"mrn": 1, "health-term": 4}
        names = ("special-category",) if marked else ("phi",)
        classes = ClassesInfo(found=names, declared=(), inherited=("internal",), floor=())
        told, by = replace(SEARCH, explanation="phi-stays"), OPERATOR
        if marked:
            told, by = of_person("privacy-office", reason="a name was missed"), OFFICER
        drawn = self._hand.put(
            "incident.opened",
            at,
            told,
            classes=classes,
            found=found,
            outcome=OutcomeInfo(code="marked" if marked else "should_not_have_left"),
            **by,
            **_place(exchange, *place),
        )
        said = "religion 2" if marked else "health-term 4, mrn 1"
        row = (
            drawn.envelope.id,
            timestamp(at),
            *place,
            ", ".join(sorted((*names, "internal"))),
        )
        clocks = (timestamp(at + NOTIFY_US), timestamp(at + INDIVIDUALS_US))
        return drawn, [*row, said, exchange, *clocks, "none", "none", "none"]

    def closed(self, at: int, row: list[str | int], code: str, *, first: bool = True) -> None:
        """A person says what it was. `row`: the incident's, which is told with the first word."""
        self._close(at, str(row[0]), code, str(row[2]), str(row[3]))
        if first:
            row[9:] = [timestamp(at), code, "ac_privacy"]

    def closed_of_before(self, at: int) -> None:
        """One that was opened before the year began."""
        self._close(at, "of-before", "no_breach", "letters", "cloud")
        self._truth.closed_before.add(at, "of-before", timestamp(at), "no_breach", "ac_privacy")

    def _close(self, at: int, incident: str, code: str, agent: str, zone: str) -> None:
        why = f"as assessed: {code}"
        drawn = self._hand.put(
            "incident.closed",
            at,
            of_person("privacy-office", reason=why),
            agent=agent,
            incident=incident,
            outcome=OutcomeInfo(code=code),
            parent=str(self._truth.exchange_of.get(incident, "ex_before")),
            zone=zone,
            **OFFICER,
        )
        if not self._hand.early:
            self._truth.closings.add(at, timestamp(at), incident, code, "ac_privacy", drawn.said(why))


def _place(exchange: str, agent: str, zone: str) -> dict[str, Any]:
    """What a record about something that was sent says of it."""
    return {
        "action": "chat",
        "agent": agent,
        "engine": "sha256:" + "e1" * 32,
        "exchange": exchange,
        "range": (SENT, SENT + 1),
        "zone": zone,
    }


def followed(number: int) -> bool:
    """Whether an incident will be about the exchange of this number."""
    return number % 700 == 123
