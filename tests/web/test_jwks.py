"""The gateway's public keys are there for everybody, and none where no agent asks for its word."""

from gateway.settings import Settings
from tests.system.site import system
from tests.web.kit import audited


async def test_keys_are_served_as_a_set_and_are_public_halves_only(sqlite_settings: Settings) -> None:
    agents = {"ward": {"zone": "in-house", "assertion": True}}
    async with system(sqlite_settings, agents=agents) as site:
        found = await site.http.get("/.well-known/jwks.json")
        assert found.headers["content-type"] == "application/jwk-set+json"
        assert "max-age" in found.headers["cache-control"]
        (key,) = found.json()["keys"]
        assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")


async def test_the_keys_of_cards_are_among_them(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house", "protocol": "a2a"}}) as site:
        assert len((await site.http.get("/.well-known/jwks.json")).json()["keys"]) == 1


async def test_there_is_none_where_no_agent_asks(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        assert (await api.site.http.get("/.well-known/jwks.json")).json() == {"keys": []}
        assert not (api.site.gateway.site.settings.path("keys") / "assertion.key").exists()
