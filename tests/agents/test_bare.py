"""An address that is no agent's has nothing of an agent but how it is reached."""

import msgspec

from gateway.agents.bare import bare
from gateway.core.ports import Interface


def test_it_speaks_for_nobody_and_bears_no_credential() -> None:
    route = bare("_notices", "https://a.example/told/", ca="ca.pem", pin=("sha256:1",), addresses=("10.0.0.0/8",))
    assert (route.id, route.url, route.ca, route.pin) == (
        "_notices",
        "https://a.example/told",
        "ca.pem",
        ("sha256:1",),
    )
    assert (route.addresses, route.max_connections, route.interface) == (("10.0.0.0/8",), 1, Interface())
    nothing = (route.credential, route.capabilities, route.routes, route.floor, route.calls, route.assertion)
    assert nothing == (None, (), (), (), False, False)


def test_one_time_bounds_each_wait_and_the_whole() -> None:
    route = msgspec.structs.asdict(bare("x", "http://a", connect_timeout_s=1.0, timeout_s=2.0))
    assert [value for name, value in sorted(route.items()) if name.endswith("timeout_s")] == [
        1.0,
        2.0,
        2.0,
        3600.0,
        2.0,
    ]
