"""`ward`, in the house: reads a note and gives back what a handover needs: problems, medication, measurements, what
comes next, and the sentences that say the most."""

import re
from collections.abc import Iterable

from gateway.demo.agents.chat import Chat, Reply
from gateway.demo.agents.service import serve
from gateway.demo.agents.text import key_words, sentences, summary

_PROBLEMS = (
    "asthma",
    "atrial fibrillation",
    "chest pain",
    "chronic kidney disease",
    "copd",
    "cough",
    "depression",
    "diabetes",
    "eczema",
    "fever",
    "fracture",
    "headache",
    "heart failure",
    "hypertension",
    "hypothyroidism",
    "infection",
    "migraine",
    "pneumonia",
    "pregnancy",
    "rash",
    "shortness of breath",
    "sleep apnea",
)
_PROBLEM = re.compile(rf"\b({'|'.join(map(re.escape, _PROBLEMS))})\b", re.IGNORECASE)
_DOSE = re.compile(
    r"\b[A-Za-z][a-z]{4,20} \d{1,4}(?:[.,]\d{1,2})? ?(?:mg|mcg|µg|g|ml|units)\b"
    r"(?: (?:once|twice|three times) (?:daily|a day))?"
)
_VITALS = (
    ("blood pressure", re.compile(r"\b(?:BP|blood pressure)\D{0,12}(\d{2,3}/\d{2,3})", re.IGNORECASE)),
    ("heart rate", re.compile(r"\b(?:HR|heart rate|pulse)\D{0,8}(\d{2,3})\b", re.IGNORECASE)),
    ("temperature", re.compile(r"\b(?:temp|temperature)\D{0,8}(\d{2}(?:[.,]\d)?)", re.IGNORECASE)),
    ("oxygen", re.compile(r"\b(?:SpO2|oxygen saturation|saturation)\D{0,8}(\d{2,3}) ?%", re.IGNORECASE)),
    ("glucose", re.compile(r"\bglucose\D{0,8}(\d{1,3}(?:[.,]\d)?)", re.IGNORECASE)),
    ("weight", re.compile(r"\bweight\D{0,8}(\d{1,3}(?:[.,]\d)? ?kg)", re.IGNORECASE)),
)
_NEXT = re.compile(r"\b(?:follow[- ]up|return|review|recheck|call|refer|appointment|next)\b", re.IGNORECASE)
_ASKED = re.compile(r"^(?:please )?(?:summari[sz]e|give me a summary)[^:\n]{0,80}:\s*", re.IGNORECASE)


def answer(chat: Chat) -> Reply:
    """A summary with headings; a heading without anything under it is left out."""
    material = "\n".join(chat.results) or _ASKED.sub("", chat.said.strip())
    lines = [f"Sentences read: {len(sentences(material))}"]
    lines += _listed("Problems", _once(found.lower() for found in _PROBLEM.findall(material)))
    lines += _listed("Medication", _once(_DOSE.findall(material)))
    lines += _listed("Measured", [f"{name} {hit[1]}" for name, form in _VITALS if (hit := form.search(material))])
    lines += _listed("Next", [sentence for sentence in sentences(material) if _NEXT.search(sentence)][:2])
    lines += [f"- {sentence}" for sentence in summary(material, 3)]
    lines += _listed("About", key_words(material, 4))
    return Reply("\n".join(lines))


def _once(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _listed(heading: str, items: list[str]) -> list[str]:
    return [f"{heading}: {'; '.join(items)}"] if items else []


if __name__ == "__main__":
    serve("ward", answer)
