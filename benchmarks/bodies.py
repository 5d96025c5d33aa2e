"""What is sent: distinct chat messages of about a kilobyte, a third of them with something to find.

Made from a fixed seed, so that every run sends the same. Each stands for one class of data: `public`, `internal`
(declared in a header, nothing to find), `pii`, `phi`, `pci`.
"""

import json
import random
from collections.abc import Iterator

import msgspec

CLASSES = ("public", "internal", "pii", "phi", "pci")
SIZE = 1024
_NAMES = ("Anna", "Bruno", "Clara", "David", "Elena", "Frank", "Greta", "Hugo", "Irene", "Jonas", "Karin", "Louis")
_FAMILIES = ("Albers", "Brandt", "Costa", "Dorn", "Eriksen", "Fischer", "Gomez", "Hansen", "Ivers", "Jansen", "Keller")
_TEXT = (
    "the plan for our stock at both sites was read by all who asked and nobody had a question about shelves or "
    "labels while trucks that came late in autumn were sent back with half of their load because gate been closed "
    "so we moved what left to hall behind shop counted it again before new order went out them "
)
_WORDS = tuple(_TEXT.split())
_CARDS = ("4111 1111 1111 1111", "5500 0000 0000 0004", "3400 0000 0000 009", "6011 0000 0000 0004")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """One request body, and the class that it stands for."""

    data: bytes
    data_class: str


def bodies(number: int, seed: int = 11, *, stream: bool = False) -> Iterator[Body]:
    """In a cycle of twelve: six public, two internal, two with personal data, one each with health and card data.
    `stream`: each asks for its answer as a stream."""
    chance = random.Random(seed)
    half = ("public", "public", "public", "internal", "pii")
    cycle = (*half, "phi", *half, "pci")
    for index in range(number):
        data_class = cycle[index % len(cycle)]
        yield Body(data=_body(chance, index, data_class, stream), data_class=data_class)


def _body(chance: random.Random, index: int, data_class: str, stream: bool) -> bytes:
    model = ("summarize", "cloud")[index % 2]
    said = _found(chance, data_class)
    empty = _document(model, said, stream)
    return _document(model, said + _prose(chance, SIZE - len(empty)), stream)


def _document(model: str, text: str, stream: bool) -> bytes:
    system = "You help the staff of a trading company. Answer in a few plain sentences."
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    asked = {"model": model, "messages": messages, "temperature": 0.2, "max_tokens": 400}
    return json.dumps({**asked, "stream": True} if stream else asked).encode()


def _prose(chance: random.Random, size: int) -> str:
    """Sentences without anything to find."""
    sentences: list[str] = []
    while sum(map(len, sentences)) < size:
        words = chance.sample(_WORDS, chance.randrange(9, 18))
        sentences.append(f"{' '.join(words)}. ")
    return "".join(sentences)[:size]


def _found(chance: random.Random, data_class: str) -> str:
    name, family = chance.choice(_NAMES), chance.choice(_FAMILIES)
    number = chance.randrange(1000, 9999)
    if data_class == "pii":
        mail = f"{name}.{family}{number}@example.com".lower()
        return f"Please write to Ms. {name} {family}, {mail}, or call (415) 555-{number}. "
    if data_class == "phi":
        return (
            f"Patient: {name} {family}, DOB: 03/12/19{number % 60 + 30}, MRN: 8473{number}, seen for type 2 diabetes "
            "and hypertension, takes metformin. "
        )
    if data_class == "pci":
        return f"Charge the card {chance.choice(_CARDS)} exp 04/29 for order {number}. "
    return ""
