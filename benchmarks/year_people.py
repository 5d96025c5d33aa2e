"""What people do in a generated year beside their requests: approvals, emergencies, readings, policies."""

from typing import Any

from benchmarks import year_messages as made
from benchmarks.year_exchanges import Exchange
from benchmarks.year_hand import DAY_US, HOUR_US, MINUTE_US, START_US, Drawn, Hand, of_person
from gateway.ledger.record import DecisionInfo, Detail, MessageInfo, OutcomeInfo, SampleInfo, timestamp

AUDITORS = (("ac_auditor", "person"), ("ac_siem", "service"))
ENDED = ("approved", "expired", "denied", "superseded", "approved", None, "approved", "approved", "denied", "approved")
"""What becomes of approvals, one after the other: of one nothing."""
EDGES_S = (900, 60, 300, 3_600, 14_400, 86_400, 604_800)
"""Where one label of a wait ends and the next begins, in seconds: so long wait those that are denied."""
REASONS = (
    "as the ward asked",
    "The colleague on call was not to be reached, the patient was being moved to intensive care, and the list of what "
    "had been given since the morning was needed at once; the senior physician was told by telephone and agreed, and "
    "the role was given back as soon as the list had been read. " * 2,
    "nothing unusual; the two reports of the night shift were read beside it",
    "<b>as agreed</b> & signed",
)
"""What people say: in a few words, in many, and in some that look like markup."""
FILE = "sha256:" + "5e" * 32
"""The digest of a file, as its record has it."""
CONFIG = "sha256:" + "01" * 32
"""The digest of the configuration that a policy version came with."""
QUESTIONS: tuple[tuple[dict[str, str], str], ...] = (
    ({"from": "2026-01-01T00:00:00.000000Z"}, "from=2026-01-01T00:00:00.000000Z"),
    (
        {"event": "key.created", "from": "2026-01-01", "to": "2026-02-01"},
        "event=key.created, from=2026-01-01, to=2026-02-01",
    ),
    ({}, "all"),
    ({"to": "2026-03-01", "actor": "ac_1"}, "actor=ac_1, to=2026-03-01"),
    ({"subject": "su_7"}, "subject=su_7"),
)
"""What records are asked for with, and how a report tells it."""
REFUSED = (
    ("credential_expired", 0, 1),
    ("credential_revoked", 3, 1),
    ("credential_revoked", 40, 1),
    ("credential_overreach", 700, 350),
)
"""Why credentials of the tenant were refused, how often beyond the first time, and from how many sources."""
TOOLS = ("pinned", "quarantined", "released")
LENT = ("clinician", "privacy", "pharmacy")
"""Roles that are lent in emergencies."""


class People:
    """Draws what people do now and then. Rows are of the time of their record."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._truth = hand, hand.truth
        self._asked = 0
        """How many approvals there were."""
        self._late = list[str]()
        """Emergencies of before the year: overdue and reviewed in it, overdue and never reviewed, the same without its
        detail, and overdue only once the year has begun."""

    def draw(self, number: int, at: int) -> None:
        """Beside the exchange of this number."""
        for every, first, what in (
            (190, 3, self._read),
            (260, 5, self._failed),
            (300, 7, self._policy),
            (530, 11, self._glass),
            (570, 19, self._tool),
            (590, 37, self._sample),
            (640, 41, self._limit),
            (710, 53, self._signed),
        ):
            if number % every == first:
                what(number, at)

    # ------------------------------------------------------------------------------------------------------ approvals

    def asked(self, one: Exchange) -> None:
        """What became of an exchange that waits for people: who answered, after how long, and what came after that."""
        hand, truth, draw = self._hand, self._truth, self._hand.random
        decision = DecisionInfo(
            effect="approve", rules=("ask",), obligations=("approve:privacy",), policy=made.version(one.at)
        )
        name = one.record.approval or ""
        kind = one.record.actor_kind or ""
        own: dict[str, Any] = {"approval": name, "agent": one.agent.agent, "zone": one.agent.zone, "decision": decision}
        about = Detail(subjects=one.detail.subjects)
        hand.put("approval.requested", one.at, about, actor=one.record.actor, actor_kind=kind, exchange=one.id, **own)
        truth.steps["requested", kind] += 1
        ended, turn = ENDED[self._asked % len(ENDED)], self._asked // len(ENDED)
        self._asked += 1
        if ended is None:
            truth.unanswered += 1
            return
        end = (
            one.at + EDGES_S[turn % len(EDGES_S)] * 1_000_000
            if ended == "denied"
            else one.at + min(int(draw.lognormvariate(7, 3) * 1_000_000), 40 * 24 * HOUR_US)
        )
        why = REASONS[turn % len(REASONS)]
        given = Detail(subjects=one.detail.subjects, reason=why, method="jwt")
        by: dict[str, Any] = {"actor": "ac_privacy", "actor_kind": "person", "parent": one.id}
        if hand.chance(0.3):
            hand.put("content.revealed", end - 1, given, response=MessageInfo(bytes=900), **by, **own)
            truth.readings.add(timestamp(end - 1), "ac_privacy", "person", "content.revealed")
        if ended == "approved" and turn % 2 == 0 and hand.chance(0.5):
            self._answered((one.at + end) // 2, "edited", given, **by, **own)
        if ended in ("approved", "denied"):
            truth.waits.append(end - one.at)
            by["actor_kind"] = "agent" if hand.chance(0.2) else "person"
        else:
            truth.steps[ended, "none"] += 1
            hand.put(f"approval.{ended}", end, given, parent=one.id, **own)
            return
        self._answered(end, ended, given, **by, **own)
        if ended == "approved" and hand.chance(0.3):  # a second person says so too, or somebody takes it back
            second = "approved" if hand.chance(0.7) else "denied"
            self._answered(end + HOUR_US, second, given, **{**by, "actor_kind": "person"}, **own)

    def answered_before(self, at: int) -> None:
        """An answer to what was asked before the year began: nobody knows how long it had waited."""
        self._answered(at, "approved", Detail(reason="late"), approval="ap_before", actor="ac_1", actor_kind="person")

    def _answered(self, at: int, step: str, given: Detail, **fields: Any) -> None:
        drawn = self._hand.put(f"approval.{step}", at, given, **fields)
        self._truth.steps[step, fields["actor_kind"]] += 1
        self._truth.answered.add(timestamp(at), step, fields["actor"], drawn.said(given.reason or ""))

    # -------------------------------------------------------------------------------------------------------- callers

    def _failed(self, number: int, at: int) -> None:
        """A credential of the tenant's that does not hold: the first time at once, and how often it, or those of other
        sources, were shown beyond that when the minute ends."""
        code, beyond, sources = REFUSED[number // 260 % len(REFUSED)]
        self._refused(at, code, 1, Detail(source="192.0.2.9"))
        if beyond:
            others = Detail(source="other", reason=f"{sources} sources that are not told one by one")
            self._refused(at + MINUTE_US, code, beyond, others if sources > 1 else Detail(source="192.0.2.9"))

    def _refused(self, at: int, code: str, count: int, source: Detail) -> None:
        self._hand.put("auth.failed", at, source, outcome=OutcomeInfo(code=code), count=count, window_s=60)
        self._truth.failures[code] += count
        self._truth.failed_days[timestamp(at)[:10]] += count

    def _glass(self, number: int, at: int) -> None:
        """A role is lent on a person's own word, given back or not, and looked at by another: of reviews, some are of
        before the outcome told the verdict."""
        turn, name, who = number // 530, self._hand.name("bg"), self._hand.actor()
        role, until = LENT[turn % len(LENT)], at + 2 * HOUR_US
        self._alert("break_glass", at, name, who, _lent(role, until, _why(turn)))
        if turn % 2 == 0:
            until, reviewed = at + HOUR_US, at + 9 * HOUR_US
            self._alert("break_glass_closed", until, name, who, Detail(diff=(f"role {role}",)))
        else:
            reviewed, late = at + 90 * HOUR_US, (f"role {role}", f"until {timestamp(until)}", "reviewer privacy")
            self._alert("review_overdue", at + 72 * HOUR_US, name, None, Detail(diff=late))
        code, judged = ("justified", "not_justified")[turn // 2 % 2], _lent(role, until, _why(turn + 2))
        if turn % 5 == 4:
            judged = Detail(reason=judged.reason, diff=(code.replace("_", " "),))
        self._alert("reviewed", reviewed, name, "ac_privacy", judged, code)

    def before(self) -> None:
        """Emergencies of before the year, of which one was reviewed before it."""
        at = START_US - 200 * DAY_US
        for turn in range(4):
            name, begun = self._hand.name("bg"), at + turn * DAY_US
            self._alert("break_glass", begun, name, "ac_1", _lent("clinician", begun + HOUR_US, _why(turn)))
            drawn = self._overdue(begun + 73 * HOUR_US, name, begun + HOUR_US, lost=turn == 3)
            if turn == 0:
                self._alert("reviewed", begun + 90 * HOUR_US, name, "ac_privacy", Detail(reason="late"), "justified")
                continue
            self._late.append(name)
            self._truth.stands.overdue[name] = drawn
            lent = map(drawn.said, ("clinician", timestamp(begun + HOUR_US)))
            self._truth.overdue[name] = [name, *lent, drawn.envelope.occurred_at, "none", "none", "none"]
        self._late.append(self._hand.name("bg"))
        begun = START_US - 20 * DAY_US
        self._alert("break_glass", begun, self._late[3], "ac_1", _lent("privacy", begun + HOUR_US, _why(0)))

    def told_late(self) -> None:
        """What becomes of emergencies of before the year."""
        self._overdue(START_US + HOUR_US, self._late[3], START_US - 20 * DAY_US + HOUR_US)
        name, at = self._late[0], START_US + 9 * DAY_US
        lent = _lent("clinician", START_US - 199 * DAY_US + HOUR_US, "late, and agreed")
        self._alert("reviewed", at, name, "ac_privacy", lent, "not_justified")
        self._truth.overdue[name][5:] = [timestamp(at), "not_justified", "ac_privacy"]

    def _overdue(self, at: int, name: str, until: int, *, lost: bool = False) -> Drawn:
        lines = ("role privacy" if until > START_US - 100 * DAY_US else "role clinician", f"until {timestamp(until)}")
        return self._alert("review_overdue", at, name, None, Detail(diff=(*lines, "reviewer privacy")), lost=lost)

    def _alert(
        self,
        step: str,
        at: int,
        name: str,
        who: str | None,
        detail: Detail,
        code: str | None = None,
        *,
        lost: bool = False,
    ) -> Drawn:
        """`code`: a verdict, which a detail that says nothing of the role holds in place of the outcome."""
        event, said = f"alert.{step}", dict(line.split(" ", 1) for line in detail.diff or () if " " in line)
        outcome = OutcomeInfo(code=code) if code is not None and "role" in said else None
        drawn = self._hand.put(event, at, detail, lost=lost, break_glass=name, actor=who, outcome=outcome)
        if self._hand.early:
            return drawn
        words = (said.get("role", "none"), said.get("until", "none"))
        came = drawn.said(code) if code is not None and outcome is None else code or "none"
        row = (timestamp(at), event, name, who or "none", *map(drawn.said, words), came)
        self._truth.glass.add(at, *row, drawn.said(detail.reason or "none"))
        return drawn

    def _tool(self, number: int, at: int) -> None:
        place = number // 570 % 4
        if place == 3:
            self._hand.put("issuer.keys_changed", at, Detail(issuer="https://login.0.example"), count=2)
            self._truth.changes.add(at, timestamp(at), "issuer.keys_changed", "none", "none")
            return
        event, who = f"agent.tool_{TOOLS[place]}", "ac_admin" if TOOLS[place] == "released" else None
        self._hand.put(event, at, agent="letters", action="tool:files/read", actor=who)
        self._truth.changes.add(at, timestamp(at), event, "letters", who or "none")

    def _limit(self, number: int, at: int) -> None:
        self._hand.put("limit.warned", at, Detail(reason="tokens"), limit="tokens-a-day", count=900, actor="ac_1")

    # ------------------------------------------------------------------------------------------------ reading the trail

    def _read(self, number: int, at: int) -> None:
        hand, truth, text = self._hand, self._truth, timestamp(at)
        who, kind = AUDITORS[number // 190 % 2]
        event = ("audit.read", "audit.exported", "audit.verified", "audit.read")[number // 190 % 4]
        if event == "audit.exported":
            self._exported(number, at, who, kind)
            return
        span = (number, number + 500) if event == "audit.verified" or number // 760 % 3 else None
        code = "ok" if number // 190 % 8 < 6 else "failed"
        outcome = OutcomeInfo(code=code) if event == "audit.verified" else None
        query, question = QUESTIONS[number // 190 % len(QUESTIONS)]
        why = f"record {number}: its hash is another" if code == "failed" and outcome else "none"
        asked = of_person(who, query=query, reason=None if why == "none" else why)
        drawn = hand.put(event, at, asked, actor=who, actor_kind=kind, range=span, outcome=outcome)
        truth.readings.add(text, who, kind, event)
        truth.questions.add(text, who, event, drawn.said(question))
        if outcome is not None and span is not None:
            truth.verified.add(at, text, who, code, *span, drawn.said(why))

    def _exported(self, number: int, at: int, who: str, kind: str) -> None:
        """Somebody, or the calendar, takes evidence out: first what is asked for, then what came of it."""
        span, turn = (number, number + 500), number // 760
        query, _ = QUESTIONS[turn % len(QUESTIONS)]
        bundle, file = {"bundle": f"bn_{number}"}, {"bundle": f"bn_{number}", "sha256": FILE.removeprefix("sha256:")}
        period = {"period": "2025-01", "schedule": "monthly", "to": "s3"}
        if turn % 4 == 2:
            for after, code, more in ((0, "due", {}), (MINUTE_US, "undelivered", file), (HOUR_US, "delivered", file)):
                why = "timeout" if code == "undelivered" else "none"
                extent = span if code == "delivered" else None
                self._export(at + after, {**period, **more}, why=why, span=extent, code=code)
            return
        by: dict[str, Any] = {"actor": who, "actor_kind": kind}
        self._export(at, {"report": "activity-review"} if turn % 4 == 1 else query, span=span, **by)
        if turn % 4 == 0:
            self._export(at + 1, file, span=span, code="ok", digest=FILE, **by)
        elif turn % 4 == 1:
            kept = {"action": "activity-review", "digest": FILE}
            self._export(at + 1, {"report": "activity-review"}, span=span, code="made", **kept, **by)
        else:
            self._export(at + 1, bundle, why=f"record {number}: its hash is another", code="failed", **by)

    def _export(
        self,
        at: int,
        query: dict[str, str],
        *,
        why: str = "none",
        span: tuple[int, int] | None = None,
        code: str = "none",
        **fields: Any,
    ) -> None:
        """One record of it."""
        truth, text, who = self._truth, timestamp(at), fields.get("actor", "none")
        reason, outcome = None if why == "none" else why, None if code == "none" else OutcomeInfo(code=code)
        asked = Detail(query=query, reason=reason) if who == "none" else of_person(who, query=query, reason=reason)
        drawn = self._hand.put("audit.exported", at, asked, range=span, outcome=outcome, **fields)
        question = ", ".join(f"{name}={value}" for name, value in sorted(query.items())) or "all"
        truth.readings.add(text, who, fields.get("actor_kind", "none"), "audit.exported")
        truth.questions.add(text, who, "audit.exported", drawn.said(question))
        truth.exports.add(at, text, who, *(span or (0, 0)), code, drawn.said(why), fields.get("digest", "none"))

    def _sample(self, number: int, at: int) -> None:
        """Kept messages are drawn, shown and judged."""
        hand, truth, name = self._hand, self._truth, self._hand.name("rv")
        since, until = timestamp(at - 30 * 24 * HOUR_US), timestamp(at)
        sample = SampleInfo(population={"cloud": 40}, records=(number,), seed="ab12", since=since, until=until)
        missed = {"mrn": 1} if number // 590 % 2 else {}
        by: dict[str, Any] = {"actor": "ac_privacy", "actor_kind": "person", "review": name}
        shown = Detail(reason="a sample", subjects=(hand.subject(),))
        hand.put("review.sampled", at, Detail(method="jwt"), sample=sample, count=1, **by)
        hand.put("content.revealed", at + 1, shown, range=(number, number + 1), **by)
        judged = OutcomeInfo(code="missed" if missed else "complete")
        figure = "1.0000 (0.0250 to 1.0000): 1" if missed else "0.0000 (0.0000 to 0.9750): 0"
        truth.misses.append(
            f"{figure} of 1 messages; sample {name} of 40 exchanges from {since[:10]} until {until[:10]}, engine "
        )
        hand.put("review.marked", at + 2, shown, range=(number, number + 1), missed=missed, outcome=judged, **by)
        for after, event in enumerate(("review.sampled", "content.revealed", "review.marked")):
            truth.readings.add(timestamp(at + after), "ac_privacy", "person", event)

    def _signed(self, number: int, at: int) -> None:
        """A review of activity is signed off, mostly by a report of a period."""
        since, until, text = timestamp(at - 90 * 24 * HOUR_US), timestamp(at - HOUR_US), timestamp(at)
        found, whole = number // 710 % 2 == 0, number // 710 % 3 != 2
        code, incident = ("findings", self._hand.name("in")) if found else ("no_findings", None)
        kind = ("activity-review", "access-review")[number // 1_420 % 2]
        made = f"record {number}"
        query = {"report": kind, "from": since, "to": until, "made": made} if whole else {"report": kind}
        why = REASONS[number // 710 % len(REASONS)]
        drawn = self._hand.put(
            "review.signed",
            at,
            of_person("auditor", query=query, reason=why),
            action=kind,
            actor="ac_auditor",
            actor_kind="person",
            range=(number, number + 90),
            outcome=OutcomeInfo(code=code),
            incident=incident,
            digest=FILE,
        )
        period, made = (f"{since} to {until}", made) if whole and not drawn.gone else ("not told", "not told")
        said = (code, incident or "none", FILE, made)
        self._truth.signed.add(at, text, "ac_auditor", kind, number, number + 90, period, *said)
        self._truth.findings.add(at, text, "ac_auditor", code, drawn.said(why))
        self._truth.readings.add(text, "ac_auditor", "person", "review.signed")

    # ---------------------------------------------------------------------------------------------------- the policy

    def _policy(self, number: int, at: int) -> None:
        hand, truth, place = self._hand, self._truth, number // 300 % 3
        if place == 0:
            digest = f"sha256:{number:064x}"
            drawn = hand.put("config.changed", at, Detail(diff=("+ a zone",)), config=digest, actor="ac_admin")
            truth.stands.configured(drawn, "ac_admin")
            truth.configurations.add(at, timestamp(at), digest, "ac_admin")
            return
        version = made.version(at)
        change: dict[str, Any] = {"policy": version, "config": CONFIG}
        if place == 1:  # at a start, from the directory: by nobody
            alone = hand.put("policy.activated", at, Detail(diff=("+ a rule",)), **change)
            truth.stands.activated(alone, "at a start")
            truth.policies.add(at, timestamp(at), "policy.activated", version, "at a start", "none", "none")
            truth.whys.add(at, timestamp(at), "policy.activated", version, "at a start", alone.said("none"))
            return
        name, later = hand.name("pp"), at + HOUR_US
        change |= {"actor_kind": "person", "proposer": "ac_2", "proposal": name}
        asked = of_person("author", diff=("+ a rule",), reason=REASONS[number // 300 % 2])
        said = of_person("approver", diff=("+ a rule",), reason="as agreed")
        first = hand.put("policy.proposed", at, asked, actor="ac_2", **change)
        truth.policies.add(at, timestamp(at), "policy.proposed", version, "ac_2", "ac_2", name)
        then = hand.put("policy.activated", later, said, actor="ac_1", **change)
        truth.stands.activated(then, "ac_1", "ac_2", name)
        truth.policies.add(later, timestamp(later), "policy.activated", version, "ac_1", "ac_2", name)
        why = first.said(asked.reason or "")
        truth.whys.add(at, timestamp(at), "policy.proposed", version, "ac_2", why)
        truth.whys.add(later, timestamp(later), "policy.activated", version, "ac_1", then.said("as agreed"))


def _lent(role: str, until: int, why: str) -> Detail:
    return Detail(reason=why, diff=(f"role {role}", f"until {timestamp(until)}"))


def _why(turn: int) -> str:
    return REASONS[turn % len(REASONS)]
