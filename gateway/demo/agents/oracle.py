"""`oracle`, in the "cloud": answers from a table of general knowledge, rewrites, makes lists, or summarises."""

import re

from gateway.demo.agents.chat import Chat, Reply
from gateway.demo.agents.service import serve
from gateway.demo.agents.text import content_words, key_words, sentences, summary

_KNOWN = (
    ({"capital", "france"}, "Paris is the capital of France."),
    ({"capital", "portugal"}, "Lisbon is the capital of Portugal."),
    ({"boiling", "water"}, "Water boils at 100 °C at sea level."),
    ({"compound", "interest"}, "Compound interest is interest on the principal and on the interest added before."),
    ({"apr"}, "The annual percentage rate is what a loan costs in a year, fees included, as a share of the loan."),
    ({"overdraft"}, "An overdraft lets an account go below zero up to an agreed limit, and interest is due on it."),
    ({"two", "factor"}, "A second factor is something you have, besides the password that you know."),
    (
        {"phishing"},
        "Phishing is a message that pretends to come from somebody you trust, to make you give something away.",
    ),
    ({"blood", "pressure", "cuff"}, "A cuff should cover about four fifths of the upper arm."),
    ({"wash", "hands"}, "Hands should be washed for at least twenty seconds."),
    ({"leap", "year"}, "A year is a leap year if four divides it, but hundreds only if four hundred does."),
    ({"tls"}, "TLS encrypts a connection and proves with a certificate who is at its other end."),
)
_REWRITE = re.compile(
    r"^(?:please )?(?:rewrite|rephrase|make (?:this|it) (?:polite|friendlier))[^:\n]{0,80}:\s*", re.IGNORECASE
)
_LIST = re.compile(r"\b(?:bullet points?|as a list|list the)\b", re.IGNORECASE)
_SOFTER = (
    (re.compile(r"\byou must\b", re.IGNORECASE), "we kindly ask you to"),
    (re.compile(r"\bsend me\b", re.IGNORECASE), "could you please send me"),
    (re.compile(r"\bcan't\b", re.IGNORECASE), "cannot"),
    (re.compile(r"\bwon't\b", re.IGNORECASE), "will not"),
    (re.compile(r"\basap\b", re.IGNORECASE), "as soon as you can"),
    (re.compile(r"\bwrong\b", re.IGNORECASE), "not quite right"),
)
_ASKED = re.compile(r"^(?:please )?(?:summari[sz]e|list the|give me)[^:\n]{0,80}:\s*", re.IGNORECASE)


def answer(chat: Chat) -> Reply:
    """What was asked for: a rewriting, a fact, a list, or else a summary of what was said."""
    said = chat.said.strip()
    if _REWRITE.match(said):
        return Reply(_rewritten(_REWRITE.sub("", said)))
    words = set(content_words(said))
    facts = [fact for key, fact in _KNOWN if key <= words]
    if facts and len(words) <= 24:
        return Reply(" ".join(facts))
    material = "\n".join(chat.results) or _ASKED.sub("", said)
    if _LIST.search(said):
        return Reply("\n".join(f"{number}. {item}" for number, item in enumerate(sentences(material), start=1)))
    lines = [f"In short ({len(content_words(material))} words that matter):", *summary(material, 2)]
    return Reply("\n".join([*lines, f"Key words: {', '.join(key_words(material, 5))}"]))


def _rewritten(text: str) -> str:
    return " ".join(["Thank you for your message.", *map(_softened, sentences(text)), "Kind regards"])


def _softened(sentence: str) -> str:
    for rough, soft in _SOFTER:
        sentence = rough.sub(soft, sentence)
    return sentence[0].upper() + sentence[1:]


if __name__ == "__main__":
    serve("oracle", answer)
