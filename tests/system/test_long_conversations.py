"""A conversation of some hundred kilobytes: it is read to its end, and others are served while it is."""

import asyncio
import json

from gateway.settings import Settings
from tests.system.kit import PUBLIC
from tests.system.site import system

ONLY = {"only": {"zone": "in-house"}}
RESULT = json.dumps([{"id": n, "name": "Anna Keller", "ssn": "536-22-8731", "city": "Berlin"} for n in range(40)])
HISTORY = [
    {"role": "user", "content": f"Turn {n}: what do we know of Anna Keller, born on 12 March 1958? {RESULT}"}
    for n in range(60)
]


async def test_who_asks_while_a_long_conversation_is_read_is_answered_before_it(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=ONLY) as site:
        key, other = await site.key("clerk"), await site.key("clerk")
        await site.chat(other, PUBLIC, model="only")
        body = {"model": "only", "messages": HISTORY}
        headers = {"authorization": f"Bearer {key}"}
        long = asyncio.create_task(site.http.post("/v1/chat/completions", json=body, headers=headers))
        while not long.done():
            answer = await site.chat(other, PUBLIC, model="only")
            assert answer.status_code == 200
        answered = long.result()
        assert answered.status_code == 200
        seen = [len(document["messages"]) for document in site.agents["only"].bodies]
        assert seen.index(len(HISTORY)) > 5  # two or three where it is read in one go

        intent = (await site.trail(answered.headers["x-exchange-id"]))[0]
        assert (intent["scanned"], "unscanned" in intent["classes"]["found"]) == ("full", False)
        assert intent["found"]["us-ssn"] == 40 * len(HISTORY)


async def test_the_next_turn_of_a_conversation_is_decided_as_the_first_one_was(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=ONLY) as site:
        key = await site.key("clerk")
        records = []
        for turn in (HISTORY[:5], HISTORY[:5], HISTORY[:6]):
            body = {"model": "only", "messages": turn}
            answer = await site.http.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code == 200
            records.append((await site.trail(answer.headers["x-exchange-id"]))[0])
        first, again, next_one = records
        assert (again["found"], again["classes"]) == (first["found"], first["classes"])
        assert (first["found"]["us-ssn"], next_one["found"]["us-ssn"]) == (5 * 40, 6 * 40)
