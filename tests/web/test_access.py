"""Who may use the API: identified as for traffic, by role, denied by default, for every route there is."""

import re

from gateway.settings import Settings
from gateway.web.app import openapi_document
from tests.web.kit import audited

_METADATA = "/.well-known/oauth-protected-resource"
OPEN = {"/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", _METADATA, f"{_METADATA}/mcp/{{agent}}"}
ANY_CALLER = {"/v1/models", "/v1/models/{model}", "/approvals"}
"""What anybody may ask for; the list of approvals is empty for who has nothing to do with any."""
HIDDEN = {f"/approvals/{{approval}}{word}" for word in ("", "/approve", "/deny", "/edit")}
"""What is not found by who has nothing to do with it, whatever the role."""


async def test_every_route_but_health_and_models_needs_a_credential_and_the_role(sqlite_settings: Settings) -> None:
    paths = openapi_document()["paths"]
    assert isinstance(paths, dict)
    async with audited(sqlite_settings) as api:
        clerk = await api.site.key("clerk")
        for path, methods in paths.items():
            if path in OPEN:
                continue
            url = re.sub(r"\{[^}]*\}", "1", path)
            for method in methods:
                without = await api.site.http.request(method, url)
                assert (without.status_code, without.headers["www-authenticate"]) == (401, "Bearer"), path
                if path not in ANY_CALLER:
                    headers = {"authorization": f"Bearer {clerk}"}
                    refused = await api.site.http.request(method, url, headers=headers, json={"reason": "x"})
                    assert refused.status_code == (404 if path in HIDDEN else 403), path


async def test_a_wrong_credential_is_counted_in_the_operators_own_ledger(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api:
        api.key = "gwk_" + "0" * 12 + "_" + "A" * 43
        refused = await api.get("/audit/records")
        assert refused.status_code == 401
        assert api.key not in refused.text
        (failed,) = [one for one in await api.site.records("_system") if one["event"] == "auth.failed"]
        assert (failed["outcome"]["code"], failed["count"]) == ("credential_invalid", 1)
