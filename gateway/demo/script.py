"""The demo's script: sends every conversation, looks at it from all sides, and then at the trail and a bundle of it.

In this order: 1. what models a caller is offered; 2. each conversation: sent by the official client, what agents
received read from their own logs, what is on record asked of the audit API, all of it compared with what is expected;
3. the trail as a whole; 4. a bundle, verified by the command in a process of its own, and verified again with one bit
changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gateway.demo import evidence, trail
from gateway.demo.api import Api
from gateway.demo.calling import Callers
from gateway.demo.judge import differences
from gateway.demo.material import Conversation, Expectation
from gateway.demo.processes import DemoError
from gateway.demo.report import Check, Report, Told, told
from gateway.demo.seen import Seen
from gateway.demo.stage import KEY, Stage

BUNDLE = "evidence.zip"
_TAMPERED = "evidence-tampered.zip"

Say = Callable[[Told | Check], None]


def matched(conversations: Sequence[Conversation], expected: Mapping[str, Expectation]) -> None:
    """`DemoError` unless each conversation has its expectation, and the other way round."""
    missing = sorted({conversation.id for conversation in conversations} ^ set(expected))
    if missing:
        raise DemoError(f"conversations and expectations do not match: {', '.join(missing[:8])}")


def play(
    running: Stage, conversations: Sequence[Conversation], expected: Mapping[str, Expectation], say: Say
) -> Report:
    """The whole script on a stage, with conversations and expectations that are `matched`. `say` is told of each thing
    as it comes. `DemoError` where it cannot go on."""
    api = Api(running.port, running.keys["auditor"])
    checks: list[Check] = []
    done: list[Told] = []
    sensitive = trail.Sensitive(running.keys.values())

    def checked(check: Check) -> None:
        checks.append(check)
        say(check)

    with Callers(running.url, running.logs) as callers:
        checked(_models(callers, running))
        for conversation in conversations:
            done.append(_converse(running, callers, api, conversation, expected[conversation.id]))
            sensitive.note(conversation, expected[conversation.id])
            say(done[-1])
    for check in trail.checks(api, done, expected, sensitive):
        checked(check)
    for check in _evidence(api, running):
        checked(check)
    return Report(
        held=all(one.held for one in done) and all(one.held for one in checks),
        conversations=tuple(done),
        checks=tuple(checks),
        directory=str(running.directory),
        bundle=BUNDLE,
        key=KEY,
    )


def _models(callers: Callers, running: Stage) -> Check:
    reply = callers.call(running.keys["support"], None)
    offered = reply.text.split()
    wanted = ["cloud-oracle", "ward-summarizer", "desk-assistant", "summarize", "answer", "rewrite", "lookup"]
    return Check(name="models offered", held=sorted(offered) == sorted(wanted), told=", ".join(offered) or "none")


def _converse(running: Stage, callers: Callers, api: Api, conversation: Conversation, expected: Expectation) -> Told:
    """One conversation, from its request to what is left of it everywhere."""
    running.processes.check()
    running.received.new()
    reply = callers.call(running.keys[conversation.caller], conversation.body, conversation.headers)
    exchange = reply.header("x-exchange-id")
    seen = Seen(
        reply=reply,
        received=running.received.new(),
        records=tuple(api.exchange(exchange)) if exchange else (),
    )
    return told(conversation, expected, seen, differences(conversation, expected, seen))


def _evidence(api: Api, running: Stage) -> Iterator[Check]:
    bundle, key = running.directory / BUNDLE, running.directory / KEY
    data = api.bundle()
    bundle.write_bytes(data)
    yield Check(name="bundle exported", held=bool(data), told=f"{BUNDLE}, {len(data):,} bytes")
    verified = evidence.verify(bundle, key)
    yield Check(name="bundle verified with the key alone", held=verified.code == 0, told=verified.told)
    tampered, place = evidence.flipped(data)
    yield _tampered(running.directory / _TAMPERED, tampered, place, key)


def _tampered(file: Path, data: bytes, place: int, key: Path) -> Check:
    """The check that a changed bundle is found to be one. The changed file is not left behind."""
    file.write_bytes(data)
    try:
        verified = evidence.verify(file, key)
    finally:
        file.unlink()
    name = f"bundle with byte {place:,} changed is refused"
    return Check(name=name, held=verified.code == 1, told=verified.told)
