"""What classification costs in processor time on one core: sizes, clean and hostile text, streams. Judges nothing."""

import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

from gateway.checks.classification.engine import Engine

# A finding every twenty characters: more than real text has.
PACKED = (
    "Patient: John Q. Smith, DOB: 03/12/1958, MRN: 84736251, SSN 123-45-6789. Dr. Maria Lopez saw him on 2024-05-01 "
    "for type 2 diabetes (ICD-10 E11.9), prescribed metformin. Email j.smith@example.com, phone (415) 555-0132. Card "
    "4111 1111 1111 1111 exp 04/27. IBAN DE89 3704 0044 0532 0130 00. Login from 203.0.113.9, member id: XYZ123456789. "
)
# A clinical note as they are written: some twenty findings in a kilobyte.
DENSE = (
    "Patient: Maria Lopez, DOB: 03/12/1958, MRN: 84736251. She was seen by Dr. Henry Walsh on 2024-05-01 after three "
    "weeks of chest pain and shortness of breath that came on when climbing the stairs at home. There is a history of "
    "type 2 diabetes and of hypertension, treated with metformin and lisinopril; she stopped smoking nine years ago. "
    "On examination she looked comfortable at rest, the blood pressure was raised and the pulse regular. We talked "
    "about what to do next and agreed that an echocardiogram should be arranged within the week. She would like the "
    "results sent to maria.lopez@example.com or to be called at (415) 555-0132 in the afternoon, as she works in the "
    "morning. Her insurer has asked for the member id: XYZ123456789 on every form, and the account number 4452209871 "
    "is to be used for the bill, which her son will pay by card 4111 1111 1111 1111. The portal was last opened from "
    "203.0.113.9 with her social security number 123-45-6789 as the user name, which we have asked her to change. "
)
WORDS = (
    "The quarterly meeting was long and nobody could explain why our review of plans had taken so much time. Many "
    "people worked on them with care and patience while others waited for results that came late in autumn, when "
    "leaves were falling over quiet streets and shops closed early. So we walked home slowly talking about nothing. "
)


class Clock:
    """The benchmark's own clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def clean(size: int) -> str:
    """Prose without anything to find."""
    return (WORDS * (size // len(WORDS) + 1))[:size]


def mixed(size: int) -> str:
    """One packed sentence in two kilobytes of prose."""
    return ((PACKED + clean(2000 - len(PACKED))) * (size // 2000 + 1))[:size]


def hostile(size: int) -> dict[str, str]:
    """Texts made to be expensive, each `size` characters."""
    units = {
        "digits": "1",
        "digits and spaces": "1 ",
        "dotted": "1.",
        "dashes": "1-",
        "at signs": "a@",
        "local part": "a.",
        "hex colons": "a:",
        "titles": "Dr. ",
        "capitals": "Aa ",
        "labels": "name: ",
        "phones": "call 555 123 4567 ",
        "dates": "1 March 2 ",
        "keywords": "mrn account ssn phone ",
        "terms": "diabetes mri ",
        "backslashes": "\\",
        "escapes": "\\u0041",
        "nested escapes": "\\\\\\\\u0040",
        "wide digits": "１",
        "zero width": "1\u200b",
        "combining": "e\u0301\u0327",
        "ligatures": "\ufdfa",
        "begin key": "-----BEGIN RSA PRIVATE KEY-----",
        "open key": "-----BEGIN RSA PRIVATE KEY-----\n" + "A" * 200,
        "tokens": "eyJ",
        "urls": "a://b:c@",
        "passwords": "password: a1b2c3 ",
        "ibans": "DE89 3704 0044 0532 0130 00 ",
        "cards": "4111 1111 1111 1111 ",
        "addresses": "10.1.2.3 ",
        "base64": "QUJD" * 19 + "+/",
    }
    noise = random.Random(2)
    texts = {name: (unit * (size // len(unit) + 1))[:size] for name, unit in units.items()}
    texts["random ASCII"] = "".join(chr(noise.randrange(32, 127)) for _ in range(size))
    texts["random Unicode"] = "".join(chr(noise.randrange(0xA0, 0xD000)) for _ in range(size))
    return texts


def took(function: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of processor time of each run, sorted, after one to warm up."""
    function()
    times = []
    for _ in range(runs):
        begun = time.thread_time_ns()
        function()
        times.append((time.thread_time_ns() - begun) / 1e6)
    return sorted(times)


def _stream(engine: Engine, text: str) -> str:
    scan = engine.stream(frozenset({"email", "person", "us-ssn", "card", "phone"}))
    lane = scan.lane("/choices/0/delta/content")
    released = [lane.feed(text[index : index + 12]) for index in range(0, len(text), 12)]
    return "".join((*released, lane.finish()))


def _middle(engine: Engine, text: str) -> float:
    return statistics.median(took(lambda: engine.scan_text(text), 5))


def main() -> int:
    engine = Engine(clock=Clock(), budget_ms=10_000)
    print(f"engine {engine.version}, Python {sys.version.split()[0]}")
    for name, text, runs in (
        ("1 KB dense", (DENSE * 2)[:1024], 400),
        ("10 KB dense", (DENSE * 30)[:10_240], 50),
        ("100 KB dense", (DENSE * 300)[:102_400], 10),
        ("1 KB packed", (PACKED * 4)[:1024], 400),
        ("1 KB mixed", mixed(1024), 400),
        ("100 KB mixed", mixed(102_400), 30),
        ("1 MB clean", clean(1 << 20), 10),
    ):
        times = took(partial(engine.scan_text, text), runs)
        middle, tail = statistics.median(times), times[int(len(times) * 0.99) - (len(times) < 100)]
        print(f"{name:14} p50 {middle:8.3f} ms  p99 {tail:8.3f} ms  {len(text) / middle / 1e3:8.1f} MB/s")
    times = took(lambda: _stream(engine, (DENSE * 30)[:10_240]), 20)
    print(f"10 KB dense streamed in pieces of 12: p50 {statistics.median(times):.3f} ms")
    worst = [(_middle(engine, text), name) for name, text in hostile(10_240).items()]
    for spent, name in sorted(worst, reverse=True):
        print(f"10 KB of {name:18} {spent:8.3f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
