"""Reports that a bundle takes along: made of the records that it holds, whole, and of the details that it opens.

What a bundle is about decides which there are besides: of a data subject its accounting of disclosures and receipts, of
an incident its breach pack. Reports that look up more than the range holds are not among them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import msgspec

from gateway.evidence.attachment import Attachment, Material, every_detail
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.seen import Known, seen
from gateway.evidence.figures.standing import Start, Stood
from gateway.evidence.measured import measured
from gateway.evidence.misses import Misses, told
from gateway.evidence.reports import html, pdf
from gateway.evidence.reports.about import Chosen
from gateway.evidence.reports.basis import Apart, Basis
from gateway.evidence.reports.document import Document, encode
from gateway.evidence.reports.kinds import document
from gateway.evidence.reports.register import Registers
from gateway.evidence.reports.versions import named
from gateway.evidence.scope import INCIDENT, SUBJECT, timed
from gateway.evidence.selection import Selection

KINDS = ("period", "activity-review", "access-review", "processing", "transfers", "dpia", "policy-history")
ABOUT: Mapping[str, tuple[str, ...]] = {
    SUBJECT: ("disclosures", "access-receipt", "erasure-receipt"),
    INCIDENT: ("breach",),
}
"""What a bundle is about → the kinds of reports that it has besides."""
Form = tuple[str, Callable[[Document], bytes]]
FORMS: tuple[Form, ...] = (("html", html.render), ("json", encode))
PRINTED: tuple[Form, ...] = (("pdf", pdf.render),)


class Asked(msgspec.Struct, frozen=True):
    """One control framework, which a report of its own is made of."""

    id: str
    title: str
    text: str
    questions: Sequence[Question]


def attached(
    registers: Registers,
    known: Known,
    frameworks: Sequence[Asked] = (),
    *,
    selection: Selection | None = None,
    forms: Sequence[Form] = FORMS,
    stood: Stood | None = None,
) -> Sequence[Attachment]:
    """The makers of each kind and framework in each form, which read the records once together. `selection`: of the
    bundle; `stood`: what stood before its range, where that was looked at."""
    once = _Once(registers, known, frameworks, stood)
    return [
        *(_File(f"data/reports/{kind}.{form}", kind, render, once) for kind in KINDS for form, render in forms),
        *(
            _File(f"data/reports/framework-{one.id}.{form}", "framework", render, once, (one.id, one.title, one.text))
            for one in frameworks
            for form, render in forms
        ),
        *(
            _File(f"data/reports/{kind}.{form}", kind, render, once, chosen=True)
            for kind in _about(selection)
            for form, render in forms
        ),
    ]


def _about(selection: Selection | None) -> tuple[str, ...]:
    """None where filters or closed details leave something out: an accounting that is not whole is none."""
    if selection is None or selection.scope is None or selection.filters or not selection.details:
        return ()
    return ABOUT.get(selection.scope.kind, ())


class _Once:
    """The basis of one bundle, made by whoever asks first; and what the selected records say of what it is about."""

    def __init__(self, registers: Registers, known: Known, frameworks: Sequence[Asked], stood: Stood | None) -> None:
        self._registers, self._known, self._stood = registers, known, stood
        self._questions = [question for one in frameworks for question in one.questions]
        self._made: tuple[Material, Basis] | None = None
        self._chosen: tuple[Material, Basis] | None = None

    async def basis(self, material: Material) -> Basis:
        if self._made is None or self._made[0] is not material:
            self._made = (material, await self._make(material))
        return self._made[1]

    async def chosen(self, material: Material) -> Basis:
        """The basis of a report about what the bundle is about."""
        if self._chosen is None or self._chosen[0] is not material:
            basis, found = await self.basis(material), Chosen(material.manifest.scope, self._known)
            for records in (material.selected(), material.apart(selected=True)):
                async for given in records:
                    found.feed(given)
            self._chosen = (material, found.told(basis))
        return self._chosen[1]

    async def _make(self, material: Material) -> Basis:
        manifest, misses = material.manifest, Misses()
        # Figures are of every record of the range, or of the period: selected ones come with their details.
        opened, inside = await every_detail(material), timed(manifest.scope)
        period = None if manifest.scope is None else manifest.scope.period
        facts, stood = Facts(self._known, self._questions, opened=opened), self._stood
        if stood is None and not manifest.first and period is None:  # nothing stands before the first record
            stood = Stood(start=Start())
        if stood is not None:
            facts.begin(stood if opened else stood.closed())
        numbers: list[int] = []
        place = manifest.first  # where records of the period would lie, had there been any
        async for given in material.opened():
            if inside(given.envelope):
                facts.feed(seen(given.envelope, given.detail, self._known))
                misses.feed(given.envelope)
                numbers[1:] = [given.envelope.seq or 0]
            elif period is not None and (given.envelope.recorded_at or "") < period[0]:
                place = (given.envelope.seq or 0) + 1
        counted: Counter[str] = Counter()
        async for given in material.apart():
            if inside(given.envelope):
                facts.feed(seen(given.envelope, given.detail, self._known, given.emergency))
                counted[given.emergency or ""] += 1
        since, until = period or (facts.coverage.first_at, facts.coverage.last_at)
        figures = facts.document("" if period is None else min(until, manifest.created))
        held = {one.id for one in manifest.emergencies or () if one.selected is not None}
        return Basis(
            ledger=manifest.origin,
            since=since,
            until=until,
            first=manifest.first if period is None else numbers[0] if numbers else place,
            end=manifest.end if period is None else numbers[-1] + 1 if numbers else place,
            created=manifest.created,
            generator=manifest.generator,
            figures=figures,
            known_from=None if stood is None else stood.known_from,
            emergencies=[
                Apart(
                    id=name,
                    records=records,
                    exchanges=exchanges,
                    began=began,
                    ended=ended,
                    told=counted[name] if name in held else None,
                )
                for name, records, exchanges, began, ended in figures["coverage"]["emergencies"]
            ],
            misses=tuple(told(misses.document())),
            measured=measured(),
            declared=await self._registers.declared(named(figures, {})),
            opened=opened,
        )


class _File:
    """One report in one form; of a framework where one is named (id, title and text), or of what the bundle is about
    (`chosen`)."""

    def __init__(
        self,
        path: str,
        kind: str,
        render: Callable[[Document], bytes],
        once: _Once,
        framework: tuple[str, str, str] = ("", "", ""),
        *,
        chosen: bool = False,
    ) -> None:
        self._path, self._kind, self._render, self._once = path, kind, render, once
        self._framework, self._chosen = framework, chosen

    @property
    def path(self) -> str:
        return self._path

    async def pieces(self, material: Material) -> AsyncGenerator[bytes, None]:
        basis = await (self._once.chosen(material) if self._chosen else self._once.basis(material))
        made = document(self._kind, msgspec.structs.replace(basis, framework=self._framework))
        # A PDF takes a second to typeset: whoever else has something to do goes on meanwhile.
        yield await asyncio.to_thread(self._render, made)
