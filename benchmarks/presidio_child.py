"""Presidio's patterns and checksums over a blank spaCy pipeline, in an environment of its own.

    .venv/presidio/bin/python benchmarks/presidio_child.py

Imports nothing of the project. Reads JSON lines: `{"text": …, "runs": N}` answers `{"ms": […]}`, the processor time of
each of N runs after one to warm up; `{"texts": […]}` answers `{"found": [[[type, start, end], …], …]}`.
"""

import json
import logging
import sys
import time
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine

THRESHOLD = 0.4


def analyzer() -> Any:
    """As its own documentation sets it up, without a language model, and without looking for domains on the net."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    blank = SpacyNlpEngine()
    blank.nlp = {"en": spacy.blank("en")}
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=blank)
    return AnalyzerEngine(registry=registry, nlp_engine=blank, supported_languages=["en"])


def main() -> int:
    logging.disable(logging.CRITICAL)
    engine = analyzer()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "texts" in asked:
            found = [engine.analyze(text, language="en", score_threshold=THRESHOLD) for text in asked["texts"]]
            told = [[[one.entity_type, one.start, one.end] for one in results] for results in found]
            print(json.dumps({"found": told}), flush=True)
            continue
        engine.analyze(asked["text"], language="en", score_threshold=THRESHOLD)
        times = []
        for _ in range(asked["runs"]):
            begun = time.thread_time_ns()
            engine.analyze(asked["text"], language="en", score_threshold=THRESHOLD)
            times.append((time.thread_time_ns() - begun) / 1e6)
        print(json.dumps({"ms": times}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
