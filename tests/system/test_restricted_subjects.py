"""A data subject whose data are restricted is named to no agent, from the record of the restriction on."""

from typing import Any

from gateway.settings import Settings
from tests.system.kit import PUBLIC, code
from tests.system.site import System, system

ANN = {"x-data-subject": "patient-1"}
CACHED: dict[str, Any] = {"ward": {"zone": "in-house", "capabilities": ["care"], "cache_s": 600}}


async def _restrict(site: System, restricted: bool) -> None:
    officer = {"authorization": f"Bearer {await site.key('privacy', kind='person')}"}
    body = {"identifier": "patient-1", "restricted": restricted, "reason": "accuracy is contested"}
    done = await site.http.post("/subjects/restriction", json=body, headers=officer)
    assert done.status_code == 200, done.text


async def test_whoever_names_a_restricted_subject_is_refused_on_record_until_it_is_lifted(database: Settings) -> None:
    async with system(database) as site:
        key = await site.key("clinician")
        assert (await site.chat(key, PUBLIC, "ward", headers=ANN)).status_code == 200
        await _restrict(site, restricted=True)
        for agent in ("ward", "cloud", "summarize"):
            denied = await site.chat(key, PUBLIC, agent, headers=ANN)
            assert (denied.status_code, code(denied)) == (403, "policy_denied")
            [record] = await site.trail(denied.headers["x-exchange-id"])
            assert record["classes"]["inherited"] == ["restricted"]
        # Nothing of it sticks to who asked, or to anybody else that is named.
        assert (await site.chat(key, PUBLIC, "ward")).status_code == 200
        assert (await site.chat(key, PUBLIC, "ward", headers={"x-data-subject": "patient-2"})).status_code == 200
        both = await site.chat(key, PUBLIC, "ward", headers={"x-data-subject": "patient-2, patient-1"})
        assert both.status_code == 403
        await _restrict(site, restricted=False)
        assert (await site.chat(key, PUBLIC, "ward", headers=ANN)).status_code == 200
        assert len(site.agents["ward"].received) == 4


async def test_what_was_decided_before_a_restriction_is_not_sent_after_it(sqlite_settings: Settings) -> None:
    """The restriction comes between the decision and the intent: the head has moved, and the request is not sent."""
    async with system(sqlite_settings) as site:
        key, parts = await site.key("clinician"), site.gateway.pipeline.parts
        assert (await site.chat(key, PUBLIC, "ward", headers=ANN)).status_code == 200
        admit = parts.health.admit

        async def late(agent: str) -> Any:
            parts.health.admit = admit  # type: ignore[method-assign]
            await _restrict(site, restricted=True)
            return await admit(agent)

        parts.health.admit = late  # type: ignore[method-assign]
        refused = await site.chat(key, PUBLIC, "ward", headers=ANN)
        assert (refused.status_code, code(refused)) == (503, "subject_changed")
        assert len(site.agents["ward"].received) == 1
        # Of another subject only the revision has moved: it goes.
        parts.health.admit = late  # type: ignore[method-assign]
        await _restrict(site, restricted=False)
        other = await site.chat(key, PUBLIC, "ward", headers={"x-data-subject": "patient-2"})
        assert other.status_code == 200


async def test_an_answer_that_was_kept_is_forgotten_with_the_restriction(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=CACHED, cache={"classes": ["public"]}) as site:
        key, caching = await site.key("clinician"), site.gateway.pipeline.parts.caching
        for _ in range(2):
            assert (await site.chat(key, PUBLIC, "ward", headers=ANN)).status_code == 200
        cache: Any = caching._cache
        kept = len(cache)
        await _restrict(site, restricted=True)
        assert (kept, len(cache)) == (1, 0)


async def test_an_exchange_without_a_subject_asks_nothing_of_the_registry(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        key, asked = await site.key("clinician"), 0
        flags = site.gateway.site.flags
        real = flags.flags

        async def counted(tenant: str, subjects: tuple[str, ...], revision: int) -> frozenset[str]:
            nonlocal asked
            asked += len(subjects)
            return await real(tenant, subjects, revision)

        flags.flags = counted  # type: ignore[method-assign,assignment]
        assert (await site.chat(key, PUBLIC, "ward")).status_code == 200
        assert asked == 0
