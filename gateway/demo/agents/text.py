"""What the agents do with text: sentences, words that carry content, and an extractive summary (after H. P. Luhn, "The
automatic creation of literature abstracts", 1958: the sentences that hold the most of a text's frequent words)."""

import re
from collections import Counter

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\[\"'0-9])|\n+")
_ABBREVIATED = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|approx|vs|e\.g|i\.e)|\b[A-Z])\.$")
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:['’-][^\W_]+)*")
_WORDS = """
a about after again all also am an and any are as at be because been before being but by can could did do does
doing down during each few for from had has have he her here hers him his how i if in into is it its just me more
most my no nor not now of off on once only or other our out over own please same she should so some such summarise
summarize summary than that the their them then there these they this those through to too under until up us very
was we were what when where which while who whom why will with would you your
"""
_STOP_WORDS = frozenset(_WORDS.split())


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, in order; what follows a title or an initial belongs to the same sentence."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(text):
        piece = " ".join(piece.split())
        if not piece:
            continue
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


def content_words(text: str) -> list[str]:
    """Words that carry content, in lower case and in order."""
    words = (word.lower() for word in _WORD.findall(text))
    return [word for word in words if word not in _STOP_WORDS and len(word) > 1]


def key_words(text: str, count: int) -> list[str]:
    """The most frequent content words; of equals the one that came first."""
    return [word for word, _ in Counter(content_words(text)).most_common(count)]


def summary(text: str, count: int) -> list[str]:
    """The `count` sentences that say the most, in the order in which they stand."""
    frequency = Counter(content_words(text))
    candidates = sentences(text)
    ranked = sorted(range(len(candidates)), key=lambda index: (-_weight(candidates[index], frequency), index))
    return [candidates[index] for index in sorted(ranked[:count])]


def _weight(sentence: str, frequency: Counter[str]) -> float:
    words = set(content_words(sentence))
    return sum(frequency[word] for word in words) / (len(words) + 4) if words else 0.0
