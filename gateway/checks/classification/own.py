"""Recognizers of an operator's own, from the policy directory's `recognizers/*.toml`: files in, a registry out.

Their types begin with `x-`, so that none can be taken for one that ships, and each says which classes it makes. Every
file is read whole and strictly: one mistake refuses all of them, with the file and the field. What `prove` then asks of
the engine that will serve, the file says itself: texts in which the type must be found, and texts in which it must not.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from gateway.checks.classification.bounded import LEAST, MOST, bounded
from gateway.checks.classification.classes import DECLARED, Own
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.normalise import normalise
from gateway.checks.classification.patterns import Pattern
from gateway.checks.classification.recognizer import CONTEXT, LONGEST, Lexicon, Near, Recognizer
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.core.errors import ConfigurationError, FormatError

FOLDER = "recognizers/"
MAX_BYTES = 262_144
"""Bytes of one file."""
MAX_PATTERNS = 64
"""Patterns of all files together: each is one more that text is searched for."""
MAX_WORDS = 2_000
"""Words of all dictionaries and contexts together."""
MAX_VALIDATED = 48
"""Characters of the longest match that a validator looks at: where it refuses one, the next is tried from the character
after its first, so that hostile text has it asked once a character. The longest number with check digits, an IBAN in
groups, has 42."""
MAX_EXAMPLES = 32
MAX_EXAMPLE = 1_000
"""Characters of a text that must match, or must not."""
BEFORE, AFTER = CONTEXT - LONGEST, CONTEXT // 2
"""Characters before and behind a candidate in which words may be looked for."""
VALIDATORS = (
    "luhn", "mod97", "iban", "npi", "dea", "vin", "idnr", "nir", "dni", "nie", "codice", "bsn",
    "pesel", "personnummer", "nhs", "nino", "ein", "sin", "tfn", "aadhaar", "cpf",
)  # fmt: skip
"""The checks that a file may name: those that any text can be given."""
_NEAR_SCORE = 0.95
_FORM = re.compile(r"x-[a-z0-9]+(?:-[a-z0-9]+){0,8}")
_TYPE_LENGTH = 40
_CLASS = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NO_CLASSES = frozenset({"public", "unscanned", "any", "personal"})
"""What nothing that is found can be: it says nothing, or that nothing is known, or is a group."""


class Context(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words near by a candidate. `needed`: without one it is nothing; else one makes it surer."""

    words: tuple[str, ...]
    needed: bool = True
    before: int = BEFORE
    after: int = 0


class OwnRecognizer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[recognizer]]`."""

    type: str
    classes: tuple[str, ...]
    patterns: tuple[str, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...] = ()
    validator: str | None = None
    score: float = 0.9
    context: Context | None = None


class Dictionary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[dictionary]]`: each word or phrase is a finding itself."""

    type: str
    classes: tuple[str, ...]
    words: tuple[str, ...]
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()
    score: float = 0.9


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file."""

    recognizer: tuple[OwnRecognizer, ...] = ()
    dictionary: tuple[Dictionary, ...] = ()


class Example(msgspec.Struct, frozen=True):
    """A text of a file, and whether the type must be found in it. `place`: file and field."""

    place: str
    type: str
    text: str
    matches: bool


class Operators(msgspec.Struct, frozen=True, kw_only=True):
    """What all files say: what ships and they together, and what is to be proved of that."""

    registry: Registry
    examples: tuple[Example, ...]
    classes: tuple[tuple[str, str], ...]
    """File and field of each class that is named, and its name."""

    @property
    def types(self) -> Own:
        """Each type, and the classes that it makes."""
        return {kind: frozenset(classes) for kind, classes in self.registry.own}


NOTHING = Operators(registry=DEFAULT, examples=(), classes=())


def load(members: Mapping[str, bytes], implied: Callable[[Iterable[str]], Iterable[str]] = sorted) -> Operators:
    """The files in `recognizers/` among these (names → bytes), beside what ships; `NOTHING` where there are none.

    `implied`: classes and all that the policy says they imply, which a type then makes, too: masking for one of those
    masks it.
    `ConfigurationError` names the file and the field, and what would be right. What is *not* checked here: that a class
    is one of the policy, and that the examples hold (`prove`).
    """
    names = sorted(name for name in members if name.startswith(FOLDER))
    if not names:
        return NOTHING
    reading = _Reading(implied)
    for name in names:
        if not name.endswith(".toml"):
            raise ConfigurationError(f"{name}: must be a .toml file: recognizers are read from no others")
        document = _document(name, members[name])
        for index, item in enumerate(document.recognizer):
            reading.recognizer(f"{name}: recognizer[{index}]", item)
        for index, one in enumerate(document.dictionary):
            reading.dictionary(f"{name}: dictionary[{index}]", one)
    return reading.whole()


def prove(operators: Operators, engine: Engine) -> None:
    """`ConfigurationError` names the first text of a file in which the engine does not find what it says, or finds what
    it must not."""
    for example in operators.examples:
        found = any(finding.type == example.type for finding in engine.scan_text(example.text))
        if found != example.matches:
            told = "is found in this text" if found else "is not found in this text"
            raise ConfigurationError(f"{example.place}: {example.type} {told}")


def _document(name: str, data: bytes) -> Document:
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{name}: must be of at most {MAX_BYTES} bytes")
    try:
        document = msgspec.toml.decode(data, type=Document)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, msgspec.ValidationError) else "must be TOML in UTF-8"
        raise ConfigurationError(f"{name}: {told}") from error
    if not document.recognizer and not document.dictionary:
        raise ConfigurationError(f"{name}: must hold a [[recognizer]] or a [[dictionary]]")
    return document


class _Reading:
    """What was read so far. Ids are the types, with a number where there is more than one of a type."""

    def __init__(self, implied: Callable[[Iterable[str]], Iterable[str]]) -> None:
        self._implied = implied
        self._recognizers: list[Recognizer] = []
        self._lexicons: list[Lexicon] = []
        self._examples: list[Example] = []
        self._classes: dict[str, tuple[str, ...]] = {}
        self._named: list[tuple[str, str]] = []
        self._ids: dict[str, int] = {}
        self._words = 0

    def whole(self) -> Operators:
        registry = msgspec.structs.replace(
            DEFAULT,
            recognizers=(*DEFAULT.recognizers, *self._recognizers),
            lexicons=(*DEFAULT.lexicons, *self._lexicons),
            own=tuple((kind, tuple(self._implied(classes))) for kind, classes in sorted(self._classes.items())),
        )
        registry.check()
        return Operators(registry=registry, examples=tuple(self._examples), classes=tuple(self._named))

    def recognizer(self, place: str, item: OwnRecognizer) -> None:
        self._common(place, item)
        if not item.patterns:
            raise ConfigurationError(f"{place}.patterns: must hold a pattern")
        if not item.must_match:
            raise ConfigurationError(f"{place}.must_match: must hold a text in which it must be found")
        if item.validator is not None and item.validator not in VALIDATORS:
            raise ConfigurationError(f"{place}.validator: must be one of {', '.join(VALIDATORS)}")
        near: tuple[Near, ...] = ()
        needed = False
        if item.context is not None:
            near, needed = (self._near(f"{place}.context", item, item.context),), item.context.needed
        for index, pattern in enumerate(item.patterns):
            if len(self._recognizers) == MAX_PATTERNS:
                raise ConfigurationError(f"{place}.patterns: must be at most {MAX_PATTERNS} in all files together")
            gate = _gate(f"{place}.patterns[{index}]", pattern, MOST if item.validator is None else MAX_VALIDATED)
            self._recognizers.append(
                Recognizer(
                    id=self._id(item.type),
                    type=None if needed else item.type,
                    pattern=pattern,
                    gate=gate,
                    score=item.score,
                    check=item.validator,
                    # A candidate that is refused must not hide one that begins within it.
                    again=item.validator is not None or needed,
                    near=near,
                )
            )

    def dictionary(self, place: str, item: Dictionary) -> None:
        self._common(place, item)
        words = self._plain(f"{place}.words", item.words)
        self._lexicons.append(Lexicon(id=self._id(item.type), words=words, type=item.type, score=item.score))

    def _common(self, place: str, item: OwnRecognizer | Dictionary) -> None:
        """What every entry says."""
        if not _FORM.fullmatch(item.type) or len(item.type) > _TYPE_LENGTH or item.type.startswith(DECLARED):
            raise ConfigurationError(
                f"{place}.type: must be x- and then small letters, digits and -, at most {_TYPE_LENGTH} characters, "
                f"and must not begin with {DECLARED}"
            )
        if not item.classes or len(set(item.classes)) != len(item.classes):
            raise ConfigurationError(f"{place}.classes: must name a class, and each once")
        for index, name in enumerate(item.classes):
            if not _CLASS.fullmatch(name) or name in _NO_CLASSES:
                raise ConfigurationError(
                    f"{place}.classes[{index}]: must be a data class that something found can be of"
                )
            self._named.append((f"{place}.classes[{index}]", name))
        classes = tuple(sorted(item.classes))
        if self._classes.setdefault(item.type, classes) != classes:
            raise ConfigurationError(f"{place}.classes: must be the same wherever this type is")
        if not 0 < item.score <= 1:
            raise ConfigurationError(f"{place}.score: must lie above 0 and not above 1")
        self._examples += _examples(f"{place}.must_match", item.type, item.must_match, matches=True)
        self._examples += _examples(f"{place}.must_not_match", item.type, item.must_not_match, matches=False)

    def _near(self, place: str, item: OwnRecognizer, context: Context) -> Near:
        for field, reach, most in (("before", context.before, BEFORE), ("after", context.after, AFTER)):
            if not 0 <= reach <= most:
                raise ConfigurationError(f"{place}.{field}: must be a number of characters from 0 to {most}")
        if not context.before and not context.after:
            raise ConfigurationError(f"{place}: must look for words before or after")
        lexicon = Lexicon(id=self._id(f"{item.type}.words"), words=self._plain(f"{place}.words", context.words))
        self._lexicons.append(lexicon)
        return Near(
            lexicon=lexicon.id,
            type=item.type,
            score=item.score if context.needed else max(item.score, _NEAR_SCORE),
            before=context.before,
            after=context.after,
            check=item.validator,
        )

    def _plain(self, place: str, words: tuple[str, ...]) -> tuple[str, ...]:
        """Words as text is searched for them: in its one form, and in lower case."""
        if not words:
            raise ConfigurationError(f"{place}: must hold a word")
        self._words += len(words)
        if self._words > MAX_WORDS:
            raise ConfigurationError(f"{place}: must be at most {MAX_WORDS} in all files together")
        plain = [_word(f"{place}[{index}]", word) for index, word in enumerate(words)]
        if len(set(plain)) != len(plain):
            raise ConfigurationError(f"{place}: must hold each word once, whatever its case")
        return tuple(sorted(plain))

    def _id(self, kind: str) -> str:
        number = self._ids[kind] = self._ids.get(kind, 0) + 1
        return kind if number == 1 else f"{kind}.{number}"


def _word(place: str, word: str) -> str:
    plain = normalise(word).text
    lowered = "".join(character.lower() for character in plain)
    if len(lowered) != len(plain) or lowered.lower() != lowered or not lowered.isprintable():
        raise ConfigurationError(f"{place}: must be of characters of which each is one in lower case, too")
    if not LEAST <= len(lowered) <= LONGEST or " ".join(lowered.split(" ")) != " ".join(lowered.split()):
        raise ConfigurationError(
            f"{place}: must be of {LEAST} to {LONGEST} characters, with one space between words and none around them"
        )
    if not any(character.isalnum() for character in lowered):
        raise ConfigurationError(f"{place}: must hold a letter or digit")
    return lowered


def _gate(place: str, pattern: str, most: int) -> str:
    """The gate of a pattern that RE2 takes and windows hold. `most`: characters of the longest match."""
    try:
        found = bounded(pattern)
        Pattern(pattern)
        Pattern(found.gate)
    except (FormatError, ConfigurationError) as error:
        raise ConfigurationError(f"{place}: {error}") from error
    if found.most > most:
        raise ConfigurationError(f"{place}: must match at most {most} characters where there is a validator")
    return found.gate


def _examples(place: str, kind: str, texts: tuple[str, ...], *, matches: bool) -> Iterator[Example]:
    if len(texts) > MAX_EXAMPLES:
        raise ConfigurationError(f"{place}: must be at most {MAX_EXAMPLES} texts")
    for index, text in enumerate(texts):
        if not 0 < len(text) <= MAX_EXAMPLE:
            raise ConfigurationError(f"{place}[{index}]: must be of at most {MAX_EXAMPLE} characters, and not empty")
        yield Example(f"{place}[{index}]", kind, text, matches)
