"""An incident is open until it is closed once, and is nobody else's."""

from typing import Any

import msgspec

from gateway.store.incidents import Incident, IncidentStore, closed, opened
from tests.store.kit import LEDGER, Store, entry
from tests.store.test_reviews import put

INCIDENT = "019ab3c1-7a00-7000-8000-000000000033"
AT = "2026-11-24T01:02:03.000004Z"


def incident(incident_id: str = INCIDENT, **fields: Any) -> Incident:
    values: dict[str, Any] = {
        "tenant": LEDGER,
        "exchange": "ex_1",
        "agent": "cloudy",
        "zone": "cloud",
        "opened_at": "2026-11-24T01:02:03.000003Z",
        **fields,
    }
    return Incident(id=incident_id, **values)


async def test_it_is_open_until_one_has_closed_it(store: Store) -> None:
    incidents, one, two = IncidentStore(store.engine), incident(), incident("2", opened_at=AT)
    assert await put(store, opened(one), opened(two)) == [True, True]
    assert await incidents.newest(LEDGER, 9, closed=False) == (two, one)
    assert await incidents.open(LEDGER) == 2
    done = await put(store, closed(one, AT, "ac_1", "no_breach"), closed(one, AT, "ac_2", "breach"))
    assert done == [True, False], "the second one finds another version"
    was = msgspec.structs.replace(one, version=1, closed_at=AT, closed_by="ac_1", disposition="no_breach")
    assert await incidents.get(LEDGER, INCIDENT) == was
    assert await incidents.newest(LEDGER, 9, closed=True) == (was,)
    assert await incidents.newest(LEDGER, 9, closed=False) == (two,)
    assert await incidents.open(LEDGER) == 1
    assert await incidents.get("tn_2", INCIDENT) is None
    assert entry().change is None
