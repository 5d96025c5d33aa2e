"""What a registry refuses, and the bounds that hold for what ships."""

import msgspec
import pytest

from gateway.checks.classification.locator import Locator
from gateway.checks.classification.recognizer import Label, Lexicon, Near, Recognizer
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.core.errors import ConfigurationError

GOOD = Recognizer(id="a", type="x-a", pattern="a1", gate="a")
WORDS = Lexicon(id="w", words=("word",))


@pytest.mark.parametrize(
    "registry",
    [
        Registry(recognizers=(GOOD, GOOD)),
        Registry(recognizers=(GOOD,), lexicons=(WORDS, WORDS)),
        Registry(recognizers=(msgspec.structs.replace(GOOD, check="no-such"),)),
        Registry(recognizers=(msgspec.structs.replace(GOOD, unless="no-such"),)),
        Registry(recognizers=(msgspec.structs.replace(GOOD, type=None),)),
        Registry(recognizers=(msgspec.structs.replace(GOOD, near=(Near(lexicon="w", type="t", score=1),)),)),
        Registry(
            recognizers=(msgspec.structs.replace(GOOD, near=(Near(lexicon="w", type="t", score=1, before=70),)),),
            lexicons=(WORDS,),
        ),
        Registry(recognizers=(), labels=(Label(id="l", lexicon="w", type="t", value="1"),)),
        Registry(
            recognizers=(), labels=(Label(id="l", lexicon="w", type="t", value="1", check="no"),), lexicons=(WORDS,)
        ),
        Registry(recognizers=(), labels=(Label(id="l", lexicon="w", type="t", value="1", gap=90),), lexicons=(WORDS,)),
        Registry(recognizers=(), lexicons=(Lexicon(id="w", words=("Upper",)),)),
        Registry(recognizers=(), lexicons=(Lexicon(id="w", words=("w" * 41,)),)),
        Registry(recognizers=(msgspec.structs.replace(GOOD, pattern="("),)),
        Registry(recognizers=(msgspec.structs.replace(GOOD, gate="^a"),)),
    ],
)
def test_a_registry_that_cannot_work_is_refused(registry: Registry) -> None:
    with pytest.raises(ConfigurationError):
        Locator(registry)


def test_what_ships_is_accepted_and_has_a_version() -> None:
    DEFAULT.check()
    revision, _, digest = DEFAULT.version.partition("-")
    assert revision.isdigit()
    assert len(digest) == 12


def test_the_version_depends_on_every_field() -> None:
    registry = Registry(recognizers=(GOOD,), lexicons=(WORDS,))
    others = [
        Registry(recognizers=(msgspec.structs.replace(GOOD, score=0.5),), lexicons=(WORDS,)),
        Registry(recognizers=(GOOD,), lexicons=(Lexicon(id="w", words=("words",)),)),
        Registry(recognizers=(GOOD,), lexicons=(WORDS,), labels=(Label(id="l", lexicon="w", type="t", value="1"),)),
    ]
    assert len({registry.version, *(other.version for other in others)}) == 4
