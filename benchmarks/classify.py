"""What classification costs in processor time on one core: sizes, clean and hostile text, streams; and beside it,
in the same run and on the same texts, a loop of `re` and Presidio's patterns (`scanners`)."""

import random
import statistics
import sys
import time
from functools import partial

import msgspec

from benchmarks import scanners
from benchmarks.children import Unmeasured
from benchmarks.scanners import Presidio, took
from benchmarks.settled import settled
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

    def thread_ns(self) -> int:
        return time.thread_time_ns()


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


class Speed(msgspec.Struct, frozen=True):
    """Of one text: characters; least, median and 99th percentile in milliseconds; MB a second at the median.

    On a machine that does other things too the least is what tells most.
    """

    size: int
    least_ms: float
    p50_ms: float
    p99_ms: float
    mb_s: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's speeds by text, what a hostile text of 10 KB costs, a stream; the least of the others by text,
    in milliseconds; and what could not be measured."""

    engine: str
    speeds: dict[str, Speed]
    hostile_ms: dict[str, float]
    streamed_ms: float
    others_ms: dict[str, dict[str, float]]
    faults: list[str]


_P50_MS = {"1 KB dense": 0.25, "10 KB dense": 1.5}
_P99_MS = {"1 KB dense": 1.0}
_MB_S = {"100 KB mixed": 15.0, "1 MB clean": 50.0}
_HOSTILE_MS = 10.0
_GROWTH = 12.0
"""100 KB cost at most so many times 10 KB."""
_COMPARED = (("1 KB dense", 40), ("10 KB dense", 5), ("10 KB clean", 5))


def texts() -> dict[str, tuple[str, int]]:
    """The texts that are measured, and how often each."""
    return {
        "1 KB dense": ((DENSE * 2)[:1024], 2000),
        "10 KB dense": ((DENSE * 30)[:10_240], 50),
        "100 KB dense": ((DENSE * 300)[:102_400], 10),
        "1 KB packed": ((PACKED * 4)[:1024], 400),
        "1 KB mixed": (mixed(1024), 400),
        "100 KB mixed": (mixed(102_400), 30),
        "10 KB clean": (clean(10_240), 100),
        "1 MB clean": (clean(1 << 20), 10),
    }


def measure(*, others: bool = True) -> Report:
    """Everything; what the others take only with `others`."""
    engine = Engine(clock=Clock(), budget_ms=10_000)
    with settled():
        speeds = {name: _speed(engine, text, runs) for name, (text, runs) in texts().items()}
        streamed = statistics.median(took(lambda: _stream(engine, (DENSE * 30)[:10_240]), 20))
        worst = {name: round(_middle(engine, text), 3) for name, text in hostile(10_240).items()}
    beside: dict[str, dict[str, float]] = {}
    faults: list[str] = []
    if others:
        beside["loop of re"] = {
            name: took(partial(scanners.loop, texts()[name][0]), runs)[0] for name, runs in _COMPARED
        }
        try:
            with scanners.presidio() as child:
                beside[f"{scanners.PRESIDIO} {scanners.version()}"] = _presidio(child)
        except Unmeasured as error:
            faults.append(str(error))
    return Report(
        engine=engine.version,
        speeds=speeds,
        hostile_ms=worst,
        streamed_ms=round(streamed, 3),
        others_ms=beside,
        faults=faults,
    )


def _speed(engine: Engine, text: str, runs: int) -> Speed:
    """Over so many single calls."""
    times = took(partial(engine.scan_text, text), runs)
    middle, tail = statistics.median(times), times[int(len(times) * 0.99) - (len(times) < 100)]
    return Speed(len(text), round(times[0], 4), round(middle, 4), round(tail, 4), round(len(text) / middle / 1e3, 1))


def _presidio(child: Presidio) -> dict[str, float]:
    return {name: child.times(texts()[name][0], runs)[0] for name, runs in _COMPARED}


def lines(report: Report) -> list[str]:
    """The report for people."""
    told = [f"engine {report.engine}, Python {sys.version.split()[0]}"]
    for name, speed in report.speeds.items():
        told.append(
            f"{name:14} least {speed.least_ms:8.3f} ms  p50 {speed.p50_ms:8.3f} ms  p99 {speed.p99_ms:8.3f} ms  "
            f"{speed.mb_s:8.1f} MB/s"
        )
    told.append(f"10 KB dense streamed in pieces of 12: p50 {report.streamed_ms:.3f} ms")
    told += [
        f"10 KB of {name:18} {spent:8.3f} ms"
        for name, spent in sorted(report.hostile_ms.items(), key=lambda item: -item[1])
    ]
    for other, times in report.others_ms.items():
        for name, spent in times.items():
            ratio = spent / report.speeds[name].least_ms
            told.append(f"{name:14} {other:24} {spent:10.3f} ms, {ratio:,.1f} times the engine's")
    return told


def misses(report: Report) -> list[str]:
    """Where a target is missed, and what could not be measured."""
    speeds = report.speeds
    found = [
        f"{name}: p50 {speeds[name].p50_ms:.3f} ms, at most {most} is wanted"
        for name, most in _P50_MS.items()
        if speeds[name].p50_ms > most
    ]
    found += [
        f"{name}: p99 {speeds[name].p99_ms:.3f} ms, at most {most} is wanted"
        for name, most in _P99_MS.items()
        if speeds[name].p99_ms > most
    ]
    found += [
        f"{name}: {speeds[name].mb_s:.1f} MB/s, {least:.0f} are wanted"
        for name, least in _MB_S.items()
        if speeds[name].mb_s < least
    ]
    found += [
        f"10 KB of {name}: {spent:.1f} ms, at most {_HOSTILE_MS:.0f} are wanted"
        for name, spent in report.hostile_ms.items()
        if spent > _HOSTILE_MS
    ]
    growth = speeds["100 KB dense"].p50_ms / speeds["10 KB dense"].p50_ms
    if growth > _GROWTH:
        found.append(f"100 KB dense: {growth:.1f} times 10 KB, at most {_GROWTH:.0f} is wanted")
    return [*found, *report.faults]


def _stream(engine: Engine, text: str) -> str:
    scan = engine.stream(frozenset({"email", "person", "us-ssn", "card", "phone"}))
    lane = scan.lane("/choices/0/delta/content")
    released = [lane.feed(text[index : index + 12]) for index in range(0, len(text), 12)]
    return "".join((*released, lane.finish()))


def _middle(engine: Engine, text: str) -> float:
    return statistics.median(took(lambda: engine.scan_text(text), 5))


def main() -> int:
    report = measure()
    print("\n".join(lines(report)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
