"""The parts of `docs/classification.md` that are made: the table of finding types, and the results of an evaluation.

Each stands between `<!-- NAME -->` and `<!-- /NAME -->`. `python -m benchmarks.eval_document` makes the table of types
anew (a test holds it against the registry); `python -m benchmarks.eval --write` both.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.eval_tables import (
    Disguised,
    Measured,
    Report,
    compared,
    flagged_line,
    flagged_types,
    overall,
    share,
    type_rows,
)
from benchmarks.scoring import PROSE_TARGET
from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.classes import CLASS_TYPES, maskable
from gateway.checks.classification.registry import DEFAULT, Registry

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "classification.md"
_SHOWN = 3
_SENTENCE = re.compile(r"\. (?=[A-Z])|; ")
_HEAD = ("type", "labels", "recall", "precision", "hidden", "F1", "target P / R", "short of it")


def between(text: str, name: str, made: str) -> str:
    """The document with what stands between the marks of that name replaced. `ValueError` where they are not there."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, first, rest = text.partition(begin)
    _, last, tail = rest.partition(end)
    if not first or not last:
        raise ValueError(f"the document needs the marks {begin} and {end}")
    return f"{head}{begin}\n{made.strip()}\n{end}{tail}"


def write(document: Path, report: Report) -> None:
    """Both parts anew."""
    text = between(document.read_text("utf-8"), "types", types_table(DEFAULT))
    document.write_text(between(text, "results", results(report)), "utf-8")


def types_table(registry: Registry) -> str:
    """Every finding type that a registry can tell, the classes it makes or is masked with, and what each needs."""
    needs: dict[str, list[str]] = {}
    for kind, need in _needs(registry):
        if need not in needs.setdefault(kind, []):
            needs[kind].append(need)
    lines = _table(("type", "class", "what it needs"))
    for kind in sorted(needs):
        lines.append(f"| `{kind}` | {_classes(kind)} | {'; or '.join(needs[kind])} |")
    return "\n".join(lines)


def _needs(registry: Registry) -> Iterator[tuple[str, str]]:
    lexicons = {lexicon.id: lexicon.words for lexicon in registry.lexicons}
    for item in registry.recognizers:
        cleared = f", not right after {_words(lexicons, item.unless)}" if item.unless else ""
        if item.type is not None:
            yield item.type, f"its form{_check(item.check)}{cleared}"
        for near in item.near:
            where = "before or after it" if near.before and near.after else "after it" if near.after else "before it"
            yield near.type, f"a form{_check(near.check)}, and {where} {_words(lexicons, near.lexicon)}"
    for label in registry.labels:
        yield label.type, f"right behind {_words(lexicons, label.lexicon)}{_check(label.check)}"
    for lexicon in registry.lexicons:
        if lexicon.type is not None:
            yield lexicon.type, _words(lexicons, lexicon.id)


def _words(lexicons: Mapping[str, tuple[str, ...]], name: str) -> str:
    words = lexicons[name]
    shown = sorted(words, key=lambda word: (len(word), word))[:_SHOWN]
    more = ", …" if len(words) > _SHOWN else ""
    return f"a word of `{name}` ({', '.join(_escaped(word) for word in shown)}{more})"


def _check(name: str | None) -> str:
    """What a check's own description says first."""
    if name is None:
        return ""
    described = (inspect.getdoc(CHECKS[name]) or name).partition("\n\n")[0].replace("\n", " ")
    return f" ({_escaped(first_sentence(described).rstrip('.'))})"


def first_sentence(text: str) -> str:
    """Up to the first full stop or semicolon that is not within brackets."""
    for end in _SENTENCE.finditer(text):
        if text.count("(", 0, end.start()) == text.count(")", 0, end.start()):
            return text[: end.start()]
    return text


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _classes(kind: str) -> str:
    """The classes that it makes; in brackets those with which it is masked, once something else has made them."""
    made = [name for name, types in CLASS_TYPES.items() if kind in types]
    made += [
        name for name, start in (("secret", "secret-"), ("special-category", "special-")) if kind.startswith(start)
    ]
    with_it = [name for name in CLASS_TYPES if kind in maskable(name) and name not in made]
    shown = list(dict.fromkeys(made)) + [f"({name})" for name in with_it]
    return ", ".join(shown) or "–"


def results(report: Report) -> str:
    """The results in Markdown."""
    lines = [
        f"{report.date}, engine `{report.engine}`, Faker {report.faker}, {report.each} rows a template. Shares with "
        "their 95 % intervals (Wilson); *hidden* is the share of labels of which masking every finding leaves no "
        "letter and no digit, whatever type was told."
    ]
    for one in report.measured:
        lines += ["", f"### {_title(one)}", ""]
        if one.score is not None:
            lines += [f"{one.score.rows:,} rows: {overall(one.score)}.", "", *_table(_HEAD)]
            lines += [f"| {' | '.join(row)} |" for row in type_rows(one.score, PROSE_TARGET if one.prose else None)]
            if one.name in ("test", "tuning"):
                lines += ["", "By class (rows that have it):", "", *_table(("class", "rows", "recall", "precision"))]
                lines += [
                    f"| {name} | {count.labels} | {share(count.found, count.labels)} | "
                    f"{share(count.right, count.findings)} |"
                    for name, count in sorted(one.score.classes.items())
                ]
            if one.score.languages:
                by_language = ", ".join(
                    f"{name} {share(count.found, count.labels)}" for name, count in sorted(one.score.languages.items())
                )
                count = one.score.invented
                unlisted = f"Persons with an invented surname: recall {share(count.found, count.labels)}."
                lines += ["", f"Recall by language, all types: {by_language}. {unlisted}"]
        if one.flagged is not None:
            lines += ["", f"Without personal data: {flagged_line(one.flagged)}.", ""]
            lines += [f"- {name}: {told}" for name, told in flagged_types(one.flagged)]
    for name, rows, together in compared(report):
        lines += ["", f"### {_title(Measured(name=name))}, beside {report.peer}", "", f"{together}.", ""]
        lines += _table(("type", "labels", "recall", "precision", f"{report.peer}: recall", "precision"))
        lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += ["", "### Disguised values of the test half", "", *_disguised(report.disguised)]
    return "\n".join(lines)


def _title(one: Measured) -> str:
    return {"test": "The test half", "tuning": "The tuning half"}.get(one.name, f"`{one.name}`")


def _disguised(disguised: tuple[Disguised, ...]) -> Iterator[str]:
    yield "Values, recall; of whole texts, rows by type, and in brackets the share that is told or `unscanned`."
    yield ""
    yield from _table(("disguise", "values", "found", "types not always found"))
    for one in disguised:
        labels = sum(count.labels for count in one.types.values())
        found = sum(count.found for count in one.types.values())
        safe = sum(count.hidden for count in one.types.values())
        short = [
            f"{name} {count.found}/{count.labels}"
            for name, count in sorted(one.types.items())
            if count.found < count.labels
        ]
        held = f" ({safe / labels:.3f})" if one.name.startswith("whole text") and labels else ""
        yield f"| {one.name} | {labels} | {share(found, labels)}{held} | {', '.join(short) or 'none'} |"


def _table(names: tuple[str, ...]) -> list[str]:
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]


def main() -> int:
    DOCUMENT.write_text(between(DOCUMENT.read_text("utf-8"), "types", types_table(DEFAULT)), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
