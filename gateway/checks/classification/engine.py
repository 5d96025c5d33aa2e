"""Scans messages: every part, within one time budget, and never by raising.

Most messages hold nothing, and most parts of the others. So all of a message's texts are first searched for triggers in
one go; only a part in which there is one is walked, from there on. That search and the walk's are the same: a part
without a trigger is one that the walk would pass over.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from gateway.checks.classification.budget import Budget, on
from gateway.checks.classification.classes import QUASI, classes_of, maskable
from gateway.checks.classification.columns import Columns
from gateway.checks.classification.cursor import BRIEF, Cursor, at_once
from gateway.checks.classification.fragments import JOINED, Joined, halves, may_join, runs
from gateway.checks.classification.labels import WHOLE, labelled, moved
from gateway.checks.classification.locator import Locator, finding_of, place_of
from gateway.checks.classification.neighbours import Field, births, fields_of, may_hold, rows, titled, within
from gateway.checks.classification.normalise import appended, outline
from gateway.checks.classification.opaque import RUN, is_opaque, may_be_opaque
from gateway.checks.classification.overlaps import Hit
from gateway.checks.classification.pieces import pieces, shifted, unseen
from gateway.checks.classification.recognizer import TRIGGER
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.checks.classification.remembered import Remembered
from gateway.checks.classification.repeated import repeated
from gateway.checks.classification.stream import StreamScan
from gateway.checks.classification.titles import Titles, may_answer, may_name
from gateway.checks.classification.written import tables
from gateway.core.finding import Finding, Scan, Scanned
from gateway.core.message import Part
from gateway.core.ports import Clock

MAX_FINDINGS = 20_000
"""More findings than this in one message end its scan: `unscanned`."""
_NOTHING: frozenset[str] = frozenset()
_BLOCK = 8192
_PLAIN_BLOCK = 16 * _BLOCK
"""Characters that are read between two looks at the clock; of ASCII, which costs a fiftieth, more."""
_LARGE = 16_384
_MANY = 256
"""Characters and parts up to which looking for triggers costs less than a look at the clock is worth."""
_LOOK = 64
"""Of parts as short as this, as many are passed between two looks at the clock."""
_BETWEEN = "\x1f"
"""Stands between texts that are searched together: it parts fields in every reading."""


def _never() -> bool:
    return False


@lru_cache(maxsize=4)
def _compiled(kind: type[Locator], registry: Registry) -> Locator:
    """What a registry compiles to: a tenth of a second and some megabytes that several engines share."""
    return kind(registry)


class Engine:
    """What a registry finds in text. One serves all requests, and does not change but by `become`.

    `budget_ms` is what scanning one message may cost, of the thread's processor time; what is left then is `unscanned`.
    To look for triggers is part of that, where there is more than a little text. Streams have no budget: each character
    costs a bounded amount, and text is released only once it was looked at. `give_way` lets others run in between,
    where a scan takes long.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        budget_ms: float,
        recognizers: Registry = DEFAULT,
        give_way: Callable[[], None] = on,
    ) -> None:
        self._clock, self._give_way = clock, give_way
        self._budget_ns = int(budget_ms * 1e6)
        self._locator = _compiled(Locator, recognizers)
        self._own = {kind: frozenset(classes) for kind, classes in recognizers.own}
        self._masks: dict[str, frozenset[str]] = {}
        self._remembered = Remembered()
        self.version = recognizers.version

    def become(self, other: "Engine") -> None:
        """Search as another one from now on, for everybody who holds this one, in one assignment. A stream is searched
        to its end as it was begun. `other` is not to be used any more."""
        self.__dict__ = other.__dict__

    def maskable(self, data_class: str) -> frozenset[str]:
        """The finding types that `redact` masks for a class, those of an operator's own among them."""
        found = self._masks.get(data_class)
        if found is None:
            found = self._masks[data_class] = maskable(data_class, self._own)
        return found

    def knows(self, kind: str) -> bool:
        """Whether a type is one of an operator's own recognizers'."""
        return kind in self._own

    def classes(self, findings: Sequence[Finding], *, health_context: bool = False) -> frozenset[str]:
        """The data classes that these show together, those of an operator's own types among them."""
        return classes_of(findings, health_context, self._own)

    def scan(self, parts: Sequence[Part], *, health_context: bool = False, whose: str = "") -> Scan:
        """Findings and classes of a message. Never raises: what fails, runs out of budget or cannot be read makes the
        message `unscanned`, with what was found so far. What its long texts show is remembered among those of `whose`
        tenant, where that is said."""
        return self._as_it_is()._scan(parts, health_context, whose)

    def _as_it_is(self) -> "Engine":
        """This one, whatever it becomes while a scan gives way: a message is searched to its end as it was begun."""
        same = object.__new__(type(self))
        same.__dict__ = self.__dict__
        return same

    def _scan(self, parts: Sequence[Part], health_context: bool, whose: str) -> Scan:
        plain = True
        for part in parts:
            if part.known or part.cuts or part.kind == "unreadable":
                plain = False
        texts, failed = self._read(parts)
        joined = _BETWEEN.join(texts)
        looked, budget = len(texts), None
        late: Callable[[], bool] = _never
        if len(joined) > _LARGE or looked > _MANY:
            budget = Budget(self._clock, self._budget_ns, self._give_way)
            late = budget.over
            hot, looked = self._hot(texts, joined, late)
            encoded, looked = _encoded(parts, looked, late)
            inner, looked = _holding(parts, looked, late)
        else:
            hot, _ = self._hot(texts, joined, late)
            encoded = {index for index, part in enumerate(parts) if part.kind != "token" and may_be_opaque(part.text)}
            inner = [index for index, part in enumerate(parts) if part.kind == "text" and may_hold(part.text)]
        for index in range(looked):
            if index not in hot and self._locator.may_table(texts[index]):
                hot[index] = (len(texts[index]), None)  # no trigger, so that no window of it is looked at
        nothing = plain and not (hot or encoded or inner or failed) and looked == len(texts)
        if nothing and not (len(texts) > 1 and may_join(parts, late)):
            return Scan(parts=((),) * len(texts), classes=_NOTHING, scanned="full")
        if budget is None:
            budget = Budget(self._clock, self._budget_ns, self._give_way)
        all_findings: list[tuple[Finding, ...]] = [()] * len(texts)
        read = total = 0
        begun = False

        for index, part in enumerate(parts):
            place = hot.get(index)
            if part.kind == "unreadable" or index >= looked:
                failed += 1
            elif place is None and not part.known and not part.cuts and index not in encoded:
                read += 1
            elif begun and (total > MAX_FINDINGS or budget.over()):
                failed += 1
            else:
                begun = True
                findings, whole = self._known_part(whose, part, texts[index], place, budget, MAX_FINDINGS - total)
                whole = whole and not (index in encoded and is_opaque(part.text, findings, budget.over))
                total += len(findings)
                read += whole
                failed += not whole
                all_findings[index] = findings
        if len(texts) > 1 and not self._join(parts, all_findings, budget, MAX_FINDINGS - total):
            failed += 1
        for index in inner:
            text = parts[index].text
            failed += not self._known_fields(whose, text, index, all_findings, budget, MAX_FINDINGS - total)
        if any(all_findings) and not self._repeat(parts, all_findings, budget, MAX_FINDINGS - total):
            failed += 1
        classes = classes_of([finding for findings in all_findings for finding in findings], health_context, self._own)
        scanned: Scanned = "full" if not failed else "partial" if read or total else "none"
        if failed:
            classes |= {"unscanned"}
        return Scan(parts=tuple(all_findings), classes=classes, scanned=scanned)

    def scan_text(self, text: str) -> tuple[Finding, ...]:
        """All findings of one text, by place, whatever it costs (linear in its size)."""
        found: list[Finding] = []
        self._walk(text, outline(text), None, found, None, None)
        self._tables(text, found, None, None)
        return tuple(sorted(found, key=place_of))

    def stream(
        self,
        mask: Callable[[Finding], bool] | frozenset[str],
        *,
        health_context: bool = False,
        unread: bool = False,
    ) -> StreamScan:
        """Opens a scan of streamed lanes. `mask` says which findings are masked: their types, or a predicate; `unread`
        whether what cannot be scanned may be released."""
        return StreamScan(self._locator, mask, health_context=health_context, unread=unread, own=self._own)

    def _read(self, parts: Sequence[Part]) -> tuple[list[str], int]:
        """What is read of each part: its text as if what names it stood before it, its key for the most part. In a form
        or a JSON object the keyword that a number needs is that. And how many could not be named."""
        texts: list[str] = []
        titles: Titles | None = None
        failed = 0
        for part in parts:
            text, before = part.text, ""
            # A cell, an item, a value: most texts are none of these.
            if part.label or part.pointer[-1:].isdigit() or text[-1:].isdigit() or may_answer(part):
                try:
                    if may_name(part):
                        titles = titles or Titles(parts, self._locator.naming)
                        before = titles.of(part)
                except Exception:  # noqa: BLE001 -- it is read without, and the message is `unscanned`
                    failed += 1
            texts.append(before + text if before else labelled(part.label) + text if part.label else text)
        return texts, failed

    def _hot(
        self, texts: Sequence[str], joined: str, late: Callable[[], bool]
    ) -> tuple[dict[int, tuple[int | None, bytes | None]], int]:
        """The texts (which are `joined`) that hold a trigger, by number: a place before which none begins, and its
        outline, None where not known; and how many texts were looked at before it was `late`.

        What stands across two texts may be told of, too; nothing is missed, since a gate asks for no text's beginning
        or end (`Registry.check`).
        """
        hot: dict[int, tuple[int | None, bytes | None]] = {}
        try:
            shade = outline(joined) if late is _never else _outlined(joined, late)
            cut = len(shade) < len(joined)
            place = self._locator.trigger(shade, 0)
            if place is None and not cut:
                return hot, len(texts)
            begin = 0
            for index, text in enumerate(texts):
                end = begin + len(text)
                if end > len(shade):
                    return hot, index
                if place is not None and place < end:
                    hot[index] = (place - begin if place >= begin else None, shade[begin:end])
                    if late():
                        return hot, index + 1
                    place = self._locator.trigger(shade, end) if end < len(shade) else None
                    if place is None and not cut:
                        break
                begin = end + len(_BETWEEN)
        except Exception:  # noqa: BLE001 -- each is then looked at alone, and says itself whether it could be read
            return dict.fromkeys(range(len(texts)), (None, None)), len(texts)
        return hot, len(texts)

    def _known_part(
        self,
        whose: str,
        part: Part,
        text: str,
        hot: tuple[int | None, bytes | None] | None,
        budget: Budget,
        limit: int,
    ) -> tuple[tuple[Finding, ...], bool]:
        """As `_scan_part`, from memory where the text was read whole before."""
        key = self._remembered.key(whose, text, len(text) - len(part.text), part.cuts, part.known)
        known = None if key is None else self._remembered.get(key)
        if known is not None and len(known) <= limit:
            return known, True
        found, whole = self._scan_part(part, text, hot, budget, limit)
        if whole:
            self._remembered.put(key, found)
        return found, whole

    def _known_fields(
        self, whose: str, text: str, index: int, found: list[tuple[Finding, ...]], budget: Budget, limit: int
    ) -> bool:
        """As `_join_fields`, from memory."""
        key = self._remembered.key(whose, text, found[index])
        known = None if key is None else self._remembered.get(key)
        if known is not None:
            found[index] = known
            return True
        whole = self._join_fields(text, index, found, budget, limit)
        if whole:
            self._remembered.put(key, found[index])
        return whole

    def _scan_part(
        self, part: Part, text: str, hot: tuple[int | None, bytes | None] | None, budget: Budget, limit: int
    ) -> tuple[tuple[Finding, ...], bool]:
        """A part's findings by place, and whether it was read to its end. `text` is what is read: the part's, after its
        label; `hot` as in `_hot`, None where the text holds no trigger."""
        found: list[Finding] = []
        whole = True
        if hot is not None:
            first, shade = hot
            try:
                whole = self._walk(text, outline(text) if shade is None else shade, first, found, budget, limit)
            except Exception:  # noqa: BLE001 -- whatever fails in a scan must end as `unscanned`, not as an answer
                whole = False
        before = len(text) - len(part.text)
        if before:
            found = [finding for one in found if (finding := moved(one, before)) is not None]
        if before and text[before - 1] == WHOLE:
            # All of it may be a password, and is whatever else it says, too.
            whole = self._scan_alone(part.text, ((0, len(part.text)),), found, budget, limit) and whole
        # What could not be read whole is searched further all the same, as a stream of it would have been.
        if hot is not None:
            try:
                whole = self._tables(part.text, found, budget, limit) and whole
            except Exception:  # noqa: BLE001 -- as of the walk
                whole = False
        if part.cuts:
            whole = self._scan_alone(part.text, pieces(part.text, part.cuts), found, budget, limit) and whole
        if part.known:
            found = _certain(part, found)
        if len(found) > 1:
            found.sort(key=place_of)
        return tuple(found), whole

    def _repeat(self, parts: Sequence[Part], found: list[tuple[Finding, ...]], budget: Budget, limit: int) -> bool:
        """Add what was found and stands in the message again; False when that was not looked for to the end."""
        try:
            for new in repeated(parts, found, budget.over):
                if new is None:
                    return False
                index, more = new
                limit -= len(more)
                if limit < 0:
                    return False
                found[index] = tuple(sorted((*found[index], *more), key=place_of))
        except Exception:  # noqa: BLE001 -- as of a part
            return False
        return True

    def _join(self, parts: Sequence[Part], found: list[tuple[Finding, ...]], budget: Budget, limit: int) -> bool:
        """Add what stands in several texts next to each other; False when that was not looked for to the end."""
        whole = True
        for joined in [*runs(parts, found, budget.over), *halves(parts, found)]:
            if joined is None:
                return False
            shown: list[Finding] = []
            before = labelled(joined.label)
            text = before + joined.text
            try:
                whole = self._walk(text, outline(text), None, shown, budget, limit) and whole
            except Exception:  # noqa: BLE001 -- as of a part
                whole = False
            for one in shown:
                finding = moved(one, len(before))
                if finding is not None and finding.type not in QUASI:
                    _add(joined, finding, found)
            # What could not be read keeps nobody from reading what comes after it, as in a part.
            if len(shown) > limit or budget.over():
                return False
        return whole

    def _join_fields(self, text: str, index: int, found: list[tuple[Finding, ...]], budget: Budget, limit: int) -> bool:
        """Add to the findings of a text what stands in several fields of the JSON in it; False as for `_join`."""
        if budget.over():
            return False
        every = fields_of(text)
        whole, taken = self._title_fields(text, every, index, found, budget, limit), rows(text, every)
        fields = [field for row in taken for field in row]
        inside = within(fields, found[index])
        start = 0
        for row in taken:
            if budget.over():
                whole = False
                break
            end = start + len(row)
            among = inside[start:end]
            whole = self._join([field.part for field in row], among, budget, limit) and whole
            inside[start:end], start = among, end
        found[index] = _gathered(found[index], fields, inside)
        return whole

    def _title_fields(
        self,
        text: str,
        fields: Sequence[Field],
        index: int,
        found: list[tuple[Finding, ...]],
        budget: Budget,
        limit: int,
    ) -> bool:
        """Add to the findings of a text what something else than their key names in fields of the JSON in it."""
        try:
            named = list(titled(text, self._locator.naming, fields))
            alone = list(births(text, fields))
        except Exception:  # noqa: BLE001 -- as of a part
            return False
        if not (named or alone):
            return True
        texts = [title + field.part.text for field, title in named]
        hot, looked = self._hot(texts, _BETWEEN.join(texts), budget.over)
        whole = looked == len(texts)
        for number in sorted(hot):
            if budget.over() or len(alone) > limit:
                whole = False
                break
            field, title = named[number]
            read = texts[number]
            shown: list[Finding] = []
            try:
                whole = self._walk(read, outline(read), None, shown, budget, limit) and whole
            except Exception:  # noqa: BLE001 -- as of a part
                whole = False
            alone += [shifted(one, field.start) for hit in shown if (one := moved(hit, len(title))) is not None]
        new = unseen(alone, found[index])
        if new:
            found[index] = tuple(sorted((*found[index], *new), key=place_of))
        return whole

    def _tables(self, text: str, found: list[Finding], budget: Budget | None, limit: int | None) -> bool:
        """Add what stands in a column whose heading names it; False when that was not looked for to the end."""
        shown: list[Finding] = []
        whole = True
        for one in tables(text, self._locator.headings, _never if budget is None else budget.over):
            if one is None:
                whole = False
            else:
                shown.append(one)
        whole = self._columns(text, shown, len(found), budget, limit) and whole
        found += unseen(shown, found)
        return whole

    def _columns(self, text: str, shown: list[Finding], have: int, budget: Budget | None, limit: int | None) -> bool:
        """As `_tables`, of what the lines of a text show as they stand; `have`: how many findings there are besides."""
        if "\n" not in text and "\r" not in text:
            return True
        columns = Columns(self._locator.headings)
        whole = True
        for start in range(0, len(text), _BLOCK):
            shown += columns.feed(text[start : start + _BLOCK])
            if (limit is not None and have + len(shown) > limit) or (
                budget is not None and start + _BLOCK < len(text) and budget.over()
            ):
                whole = False
                break
        shown += columns.finish()
        return whole

    def _scan_alone(
        self, text: str, places: Iterable[tuple[int, int]], found: list[Finding], budget: Budget, limit: int
    ) -> bool:
        """Add what pieces of a text show by themselves and the text as a whole does not: an identifier that ends where
        a digit follows is none to who reads both as one. False when they were not read to their end. One that could
        not be read keeps nobody from reading the next, as in a stream of them."""
        alone: list[Finding] = []
        whole = True
        for start, end in places:
            shown: list[Finding] = []
            room = limit - len(found) - len(alone)
            try:
                piece = text[start:end]
                whole = self._walk(piece, outline(piece), None, shown, budget, room) and whole
                below: list[Finding] = []
                whole = self._columns(piece, below, len(shown), budget, room) and whole
                shown += unseen(below, shown)
            except Exception:  # noqa: BLE001 -- as of a whole part
                whole = False
            alone += [shifted(finding, start) for finding in shown]
            if len(shown) > room or budget.over():
                whole = False
                break
        found += unseen(alone, found)
        return whole

    def _walk(
        self, text: str, shade: bytes, first: int | None, found: list[Finding], budget: Budget | None, limit: int | None
    ) -> bool:
        """Walk the whole text, in which no trigger begins before `first`, where that is known, adding findings; False
        when it was not read to its end. `shade` is the text's outline."""
        # A trigger that ends before the text does is one in the text alone, too.
        sure = first is not None and first + TRIGGER <= len(text)
        if len(text) <= BRIEF:  # most strings of JSON
            hits, whole = at_once(self._locator, text, shade, first or 0, sure=sure)
            found.extend([finding_of(hit, hit.end) for hit in hits])
            return whole and (limit is None or len(found) <= limit)
        cursor = Cursor(self._locator, first or 0, sure=sure)
        opened: Hit | None = None
        whole = True
        while (step := cursor.step(text, 0, shade, True)) is not None:
            if step.closed is not None and opened is not None:
                found.append(finding_of(opened, step.closed))
                opened = None
            for hit in step.findings:
                found.append(Finding(hit.type, hit.start, hit.end, hit.score, hit.reason))
            opened = step.opened or opened
            whole = whole and step.complete
            if (limit is not None and len(found) > limit) or (
                budget is not None and step.end < len(text) and budget.over()
            ):
                whole = False
                break
        if opened is not None:
            found.append(finding_of(opened, max(cursor.position, opened.start + 1)))
        return whole


def _add(joined: Joined, finding: Finding, found: list[tuple[Finding, ...]]) -> None:
    """A finding that lies across texts, in each of them."""
    for index, piece in joined.pieces(finding):
        if any(one.type == piece.type and one.start <= piece.start and piece.end <= one.end for one in found[index]):
            continue  # the half that is found by itself
        found[index] = tuple(sorted((*found[index], piece), key=place_of))


def _gathered(
    findings: tuple[Finding, ...], row: Sequence[Field], found: Sequence[tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """A text's findings by place, with those that lie over fields of the JSON in it."""
    told = {
        shifted(one, field.start)
        for field, several in zip(row, found, strict=True)
        for one in several
        if one.reason == JOINED
    }
    new = told.difference(findings)
    return tuple(sorted((*findings, *new), key=place_of)) if new else findings


def _certain(part: Part, found: list[Finding]) -> list[Finding]:
    """The findings of a part whose type is known: first that one, over all of the text but the white space around it,
    then what else was found in it. What recognition took for the same type is the same thing."""
    start, end = len(part.text) - len(part.text.lstrip()), len(part.text.rstrip())
    if start >= end:
        return found
    types = dict.fromkeys(part.known.split())
    return [
        *(Finding(kind, start, end, 1.0, "field") for kind in types),
        *(finding for finding in found if finding.type not in types),
    ]


def _outlined(text: str, late: Callable[[], bool]) -> bytes:
    """The outline of a text, as far as it came before it was `late`."""
    shades: list[bytes] = []
    last = b""
    step = _PLAIN_BLOCK if text.isascii() else _BLOCK
    for start in range(0, len(text), step):
        if late():
            break
        shade = appended(last, text[start : start + step])
        shades.append(shade[len(last) :])
        last = shade[-1:]
    return b"".join(shades)


def _encoded(parts: Sequence[Part], looked: int, late: Callable[[], bool]) -> tuple[set[int], int]:
    """The parts, of the first that were looked at, in which encoded bytes may be; and how many of them that was told
    of before it was `late`."""
    found: set[int] = set()
    for index, part in enumerate(parts[:looked]):
        text, size = part.text, len(part.text)
        if (size > _LOOK or index % _LOOK == 0) and late():
            return found, index
        if part.kind == "token":
            continue
        if size <= _BLOCK:
            if may_be_opaque(text):
                found.add(index)
            continue
        # Enough of a run lies in one of these blocks whole, wherever it begins.
        for start in range(0, size, _BLOCK):
            if start and late():
                return found, index
            if may_be_opaque(text[start : start + _BLOCK + RUN]):
                found.add(index)
                break
    return found, looked


def _holding(parts: Sequence[Part], looked: int, late: Callable[[], bool]) -> tuple[list[int], int]:
    """As `_encoded`: the parts that may be JSON with pieces of one thing in fields next to each other."""
    found: list[int] = []
    for index, part in enumerate(parts[:looked]):
        text = part.text
        if (len(text) > _LOOK or index % _LOOK == 0) and late():
            return found, index
        if part.kind == "text" and may_hold(text):
            found.append(index)
    return found, looked
