"""Keys and the deny-list in a generated year, and before it: what is granted and denied, for how long, and what becomes
of it. The lines of details are written here, as administrators' records have them."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.year_hand import DAY_US, HOUR_US, START_US, Drawn, Hand, of_person
from benchmarks.year_standing import Life
from benchmarks.year_versions import STANDS_FIRST
from gateway.ledger.record import Detail, timestamp

EVERY = 37
"""Exchanges between two changes."""
OWNERS = ("Dr. Ada Ward", "pharmacy service", "letters, agent", "which ends meetings")
GRANTS: Sequence[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = (
    ("clinic", ("clinician",), ("TREAT",), ()),
    ("pharmacy", ("clinician", "clerk"), (), ("traffic",)),
    ("clinic", (), ("TREAT", "HPAYMT"), ("audit:read", "traffic:letters")),
    ("office", ("auditor",), (), ()),
)
"""Zone, roles, purposes and scopes."""
Steps = Sequence[Callable[[int], object]]
KINDS = ("person", "service", "agent")
ADMIN: dict[str, Any] = {"actor": "ac_admin", "actor_kind": "person"}


class Access:
    """Draws what administrators of access do, one thing after the other."""

    def __init__(self, hand: Hand) -> None:
        self._hand, self._stands = hand, hand.truth.stands
        self._live: list[tuple[Life, int | None]] = []
        """Keys that work, each with when it is to expire."""
        self._denied: list[Life] = []
        self._made = 0
        steps: Steps = (
            self._create,
            self._create,
            self._deny,
            self._rotate,
            self._create,
            self._revoke,
            self._expiring,
        )
        more: Steps = (
            self._deny_until,
            self._rotate_at_once,
            self._odd,
            self._again,
            self._allow,
            self._never,
            self._create,
        )
        last: Steps = (self._wrapped, self._unknown, self._twice, self._deny, self._allow_unknown, self._rotate_unknown)
        self._steps: Steps = (*steps, *more, *last)
        self._turn = 0

    def draw(self, number: int, at: int) -> None:
        """Beside the exchange of this number."""
        if number % EVERY == 13:
            self._next(at)

    def before(self) -> None:
        """What was done before the year: some of it is over when that begins."""
        for number in range(3 * len(self._steps)):
            self._next(START_US - 300 * DAY_US + number * 4 * DAY_US)
        at = START_US - 20 * DAY_US
        for ends in (at + DAY_US, at + 30 * DAY_US, None):  # over, soon to be over, and to last
            self._create(at, ends)
            self._deny(at + 1, ends)
        diff = ("+ a rule",)
        came: dict[str, Any] = {"config": "sha256:" + "01" * 32}
        first = self._hand.put("policy.activated", at, Detail(diff=diff), policy="sha256:" + "aa" * 32, **came)
        self._stands.activated(first, "at a start")
        whose = {"actor": "ac_1", "actor_kind": "person", "proposer": "ac_2", "proposal": "pp_before"}
        by: dict[str, Any] = {**came, **whose}
        drawn = self._hand.put("policy.activated", at + 1, of_person("approver", diff=diff), policy=STANDS_FIRST, **by)
        self._stands.activated(drawn, "ac_1", "ac_2", "pp_before")
        for number in range(4):
            config = "sha256:" + f"{number // 2 + number // 3:02d}" * 32
            event = "ledger.started" if number < 3 else "config.changed"
            self._stands.configured(self._hand.put(event, at + number, config=config), "at a start")

    def _next(self, at: int) -> None:
        step, self._turn = self._steps[self._turn % len(self._steps)], self._turn + 1
        self._live = [(one, ends) for one, ends in self._live if ends is None or ends > at]
        step(at)

    # ----------------------------------------------------------------------------------------------------------- keys

    def _create(self, at: int, ends: int | None = None, odd: tuple[str, ...] = ()) -> Life:
        return self._key("created", at, ends, odd, ())

    def _expiring(self, at: int) -> None:
        self._create(at, at + 40 * DAY_US)

    def _odd(self, at: int) -> None:
        """With a line that no version of the gateway has written."""
        self._create(at, None, ("colour green", "role two words"))

    def _key(
        self, step: str, at: int, ends: int | None, odd: tuple[str, ...], more: tuple[str, ...], replaces: str = "none"
    ) -> Life:
        number, self._made = self._made, self._made + 1
        owner, kind = OWNERS[number % len(OWNERS)], KINDS[number % len(KINDS)]
        zone, roles, purposes, scopes = GRANTS[number // 2 % len(GRANTS)]
        expiry = () if ends is None else (f"ends {timestamp(ends)}",)
        lines = (
            *(f"owner {owner}", f"prefix {number:012x}", f"kind {kind}", f"zone {zone}"),
            *(f"role {one}" for one in roles),
            *(f"purpose {one}" for one in purposes),
            *(("floor phi",) if number % 3 == 0 else ()),
            *(f"scope {one}" for one in scopes),
            *(("rate 10/minute",) if number % 4 == 0 else ()),
            *expiry,
            *odd,
            *more,
        )
        name = self._hand.name("ak")
        drawn = self._put(step, at, name, lines, lost=step == "rotated" and number % 3 == 1)
        lists = [", ".join(some) if some else "none" for some in (roles, purposes, scopes)]
        said = [owner, kind, lists[0], zone, lists[1], lists[2]]
        life = Life(name, said, drawn, "ac_admin", None if ends is None else timestamp(ends), replaces, list(odd))
        self._stands.keys.append(life)
        self._live.append((life, ends))
        return life

    def _rotate(self, at: int, overlap: int = 24 * HOUR_US) -> Life:
        """The oldest key that works gets a successor, and ends when that has been there for a while."""
        if not self._live:
            return self._create(at)
        old, expiry = self._live.pop(0)
        ends = at + overlap if expiry is None else min(at + overlap, expiry)
        more = (f"replaces {old.name}", f"which ends {timestamp(ends)}")
        new = self._key("rotated", at, None, (), more, old.name)
        self._stands.rotated(old, new, timestamp(ends))
        return new

    def _rotate_at_once(self, at: int) -> None:
        self._rotate(at, 0)

    def _rotate_unknown(self, at: int) -> None:
        """A key whose making is on no record that is there."""
        name = self._hand.name("ak")
        more = (f"replaces {name}", f"which ends {timestamp(at + HOUR_US)}")
        new = self._key("rotated", at, None, (), more, name)
        self._stands.keys.append(old := Life(name, ["not known"] * 6, None, "not known"))
        self._stands.rotated(old, new, timestamp(at + HOUR_US))

    def _revoke(self, at: int) -> None:
        if self._live:
            life, _ = self._live.pop(len(self._live) // 2)
            self._ended(at, life, f"owner {life.said[0]}", "prefix 000000000000")

    def _twice(self, at: int) -> None:
        """The second time changes nothing."""
        if self._live:
            life, _ = self._live.pop()
            self._ended(at, life, f"owner {life.said[0]}", "prefix 000000000000")
            self._ended(at + HOUR_US, life, f"owner {life.said[0]}", "prefix 000000000000")

    def _unknown(self, at: int) -> None:
        life = Life(self._hand.name("ak"), ["Somebody before", *["not known"] * 5], None, "not known")
        self._stands.keys.append(life)
        self._ended(at, life, "owner Somebody before", "prefix 000000000000")

    def _never(self, at: int) -> None:
        """A rotation that came to nothing: the old key was changed at the same time."""
        if not self._live:
            return
        old, expiry = self._live[0]
        new = self._rotate(at)
        self._live = [one for one in self._live if one[0] is not new]
        drawn = self._put("revoked", at + 1, new.name, (f"never made: {old.name} was changed meanwhile",))
        self._stands.never(new, old, drawn, "ac_admin")
        if drawn.gone:
            new.ended(drawn.envelope.occurred_at, "revoked", "ac_admin", drawn)
        if not drawn.deleted:
            self._live.append((old, expiry))

    def _ended(self, at: int, life: Life, *lines: str) -> None:
        drawn = self._put("revoked", at, life.name, lines)
        if life.made is None and drawn.gone:
            life.said = ["not known"] * 6
        life.ended(timestamp(at), "revoked", "ac_admin", drawn)

    def _wrapped(self, at: int) -> None:
        """Data keys are wrapped anew: of no caller's key."""
        if not self._hand.early:
            self._put("wrapped", at, self._hand.name("ak"), None)

    # ------------------------------------------------------------------------------------------------------ deny-list

    def _deny(self, at: int, ends: int | None = None) -> None:
        number, self._made = self._made, self._made + 1
        kind, issuer = ("token", "login.0.example") if number % 2 else ("subject", "-")
        name = f"{kind} {number} of issuer"
        expiry = () if ends is None else (f"ends {timestamp(ends)}",)
        odd = ["because of it"] if number % 5 == 0 else []
        entry = self._hand.name("dn")
        drawn = self._put("denied", at, entry, (f"{kind} {name}", f"issuer {issuer}", *expiry, *odd))
        life = Life(entry, [kind, name, issuer], drawn, "ac_admin", None if ends is None else timestamp(ends), odd=odd)
        self._stands.entries.append(life)
        self._denied.append(life)

    def _deny_until(self, at: int) -> None:
        self._deny(at, at + 60 * DAY_US)

    def _again(self, at: int) -> None:
        """What is denied already is denied for longer."""
        life = next((one for one in reversed(self._denied) if one.expires is None or one.expires > timestamp(at)), None)
        if life is None:
            return
        kind, name, issuer = life.said
        expires = None if life.expires is None else timestamp(at + 70 * DAY_US)
        lines = (f"{kind} {name}", f"issuer {issuer}", *(() if expires is None else (f"ends {expires}",)))
        drawn = self._put("denied", at, life.name, lines)
        life.told, life.expires, life.odd = not drawn.gone, expires, []

    def _allow(self, at: int) -> None:
        life = next((one for one in self._denied if one.expires is None or one.expires > timestamp(at)), None)
        if life is None:
            return
        self._denied.remove(life)
        kind, name, issuer = life.said
        drawn = self._put("allowed", at, life.name, (f"{kind} {name}", f"issuer {issuer}"))
        life.ended(timestamp(at), "allowed", "ac_admin", drawn)

    def _allow_unknown(self, at: int) -> None:
        drawn = self._put("allowed", at, name := self._hand.name("dn"), ("subject Jo", "issuer -"))
        life = Life(name, ["not known"] * 3 if drawn.gone else ["subject", "Jo", "-"], None, "not known")
        life.ended(timestamp(at), "allowed", "ac_admin", drawn)
        self._stands.entries.append(life)

    def _put(self, step: str, at: int, name: str, lines: tuple[str, ...] | None, *, lost: bool = False) -> Drawn:
        told = None if lines is None else Detail(diff=lines)
        by: dict[str, Any] = {} if step == "wrapped" else ADMIN
        if not self._hand.early:
            self._hand.truth.keys.add(at, timestamp(at), f"key.{step}", name, by.get("actor", "none"))
        return self._hand.put(f"key.{step}", at, told, credential=name, lost=lost, **by)
