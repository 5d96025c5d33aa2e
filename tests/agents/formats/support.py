"""What the tests of all formats share: readings, their parts by what is known of them, and masks for every part."""

from gateway.agents.formats.document import Reading, rewrite
from gateway.core.message import Part
from gateway.core.refusal import Refusal

MASK = "[MASKED-IT]"


def reading(result: Reading | Refusal) -> Reading:
    assert isinstance(result, Reading), result
    return result


def known(parts: tuple[Part, ...]) -> dict[str, str]:
    """Text → what it is known to be, of the parts of which something is."""
    return {part.text: part.known for part in parts if part.known}


def texts(parts: tuple[Part, ...]) -> list[str]:
    return [part.text for part in parts]


def place(found: Reading, text: str) -> str:
    (pointer,) = (part.pointer for part in found.parts if part.text == text and part.kind == "text")
    return pointer


def masked(source: str, found: Reading, *gone: str, mask: str = MASK) -> str:
    """The document with these texts masked."""
    return rewrite(source, found, {place(found, text): mask for text in gone})


def holds(source: str, result: Reading | Refusal) -> Reading | None:
    """What is true of any document: each text has one place and one slot, without masks nothing changes, slots do not
    overlap. None for a refusal."""
    if isinstance(result, Refusal):
        assert result.code in ("body_malformed", "body_too_deep")
        return None
    pointers = [part.pointer for part in result.parts if part.kind == "text"]
    assert len(set(pointers)) == len(pointers)
    assert set(pointers) == set(result.slots)
    assert rewrite(source, result, {}) == source
    ends = 0
    for slot in sorted(result.slots.values(), key=lambda one: one.start):
        assert ends <= slot.start <= slot.end <= len(source)
        ends = slot.end
    return result
