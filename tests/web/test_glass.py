"""The API of break-glass takes what it says it takes, and quotes nothing back."""

import pytest

from gateway.settings import Settings
from tests.system.site import system


@pytest.mark.parametrize("body", [b"", b"{}", b'{"reason":"x","role":"swordfish","minutes":"5"}', b'{"swordfish":1}'])
async def test_a_body_of_another_form_is_refused(sqlite_settings: Settings, body: bytes) -> None:
    agents = {"ward": {"zone": "in-house"}}
    rule = {"role": "volunteer", "grants": ["clinician"], "reviewer": "privacy"}
    async with system(sqlite_settings, agents=agents, break_glass=[rule]) as site:
        headers = {"authorization": f"Bearer {await site.key('volunteer', kind='person')}"}
        for path in ("/break-glass", f"/break-glass/bg_{'0' * 26}/review"):
            refused = await site.http.post(path, content=body, headers=headers)
            assert (refused.status_code, "swordfish" in refused.text) == (400, False)
        assert (await site.http.post("/break-glass/swordfish/close", headers=headers)).status_code == 404
        assert (await site.http.get("/break-glass", headers=headers)).json() == {"break_glass": []}
        assert (await site.http.get("/break-glass")).status_code == 401
