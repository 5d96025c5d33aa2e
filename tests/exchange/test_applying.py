"""A limit applies to whom and what it names, and counts apart what it is told to."""

from typing import Any

from gateway.core.counters import Want
from gateway.exchange.applying import Applying, Subject
from gateway.exchange.usage import Prices, Used
from gateway.settings import Limit, Limits, Price
from tests.exchange.making import caller, route

USED = Used(30, 12, 500)


def limit(name: str = "l", what: Any = "requests", count: int = 5, **fields: Any) -> Limit:
    return Limit(name=name, what=what, count=count, **fields)


def subject(**fields: Any) -> Subject:
    values: dict[str, Any] = {
        "caller": caller(),
        "target": "triage",
        "classes": ("phi", "pii"),
        "route": route("local"),
        **fields,
    }
    return Subject(**values)


def wants(*table: Limit, of: Subject | None = None, prices: Prices | None = None, common: bool = False) -> list[Want]:
    applying = Applying(Limits(), table, prices or Prices(()), common=common)
    return [one.want for one in applying.wants(of or subject(), lambda: USED)]


def test_each_unit_has_its_amount() -> None:
    table = [limit(what, what) for what in ("requests", "tokens", "bytes", "spend", "concurrency")]
    prices = Prices((Price(agent="local", input=1_000_000, request=7),))
    found = wants(*table, prices=prices)
    assert [(want.key, want.amount, want.window_us) for want in found] == [
        ("tn_1:requests:requests:60", 1, 60_000_000),
        ("tn_1:tokens:tokens:60", 42, 60_000_000),
        ("tn_1:bytes:bytes:60", 500, 60_000_000),
        ("tn_1:spend:spend:60", 37, 60_000_000),
        ("tn_1:concurrency:concurrency:0", 1, 0),
    ]


def test_what_uses_nothing_of_a_limit_does_not_touch_its_counter() -> None:
    assert wants(limit(what="spend")) == []


def test_a_limit_is_for_whom_and_what_it_names() -> None:
    pairs: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"tenants": ("default",)}, {"tenants": ("clinic",)}),
        ({"callers": ("ada",)}, {"callers": ("bob",)}),
        ({"agents": ("local",)}, {"agents": ("sky",)}),
        ({"capabilities": ("triage",)}, {"capabilities": ("translate",)}),
        ({"classes": ("pii", "pci")}, {"classes": ("pci",)}),
    )
    for matching, other in pairs:
        assert len(wants(limit(**matching))) == 1
        assert wants(limit(**other)) == []
    assert wants(limit(capabilities=("triage",)), of=subject(target="local")) == []
    assert wants(limit(callers=("ada",)), of=subject(caller=caller(named=False))) == [], "another's ada"


def test_counters_apart_have_names_apart_that_identify_nobody() -> None:
    (found,) = wants(limit(per=("caller", "agent", "capability")))
    assert found.key == "tn_1:l:requests:60:ac_1:local:triage"
    assert [want.key for want in wants(limit(per=("class",)))] == ["tn_1:l:requests:60:phi", "tn_1:l:requests:60:pii"]
    assert [want.key for want in wants(limit(per=("class",), classes=("phi", "pci")))] == ["tn_1:l:requests:60:phi"]
    (found,) = wants(limit(per=("capability",)), of=subject(target="local"))
    assert found.key == "tn_1:l:requests:60:"


def test_a_limit_that_counts_something_else_or_in_another_window_has_a_counter_of_its_own() -> None:
    tables = [limit(what=what, window_s=window_s) for what in ("requests", "tokens") for window_s in (60, 61)]
    tables.append(limit(what="concurrency"))
    assert len({wants(table)[0].key for table in tables}) == 5
    (more,) = wants(limit(count=99, hard=False))
    assert more.key == wants(limit())[0].key, "how much it allows is not part of the name"


def test_the_rates_of_the_limits_section_are_common_where_nodes_share_them() -> None:
    assert not Applying(Limits(), (), Prices(()), common=False)
    found = wants(common=True)
    assert [(want.key, want.count, want.window_us) for want in found] == [
        ("tn_1:credential:requests:60:ck_1", 600, 60_000_000),
        ("tn_1:tenant:requests:60", 6000, 60_000_000),
        ("tn_1:target:requests:60:triage", 3000, 60_000_000),
        ("tn_1:concurrency:concurrency:0:ck_1", 256, 0),
    ]
    own = wants(common=True, of=subject(caller=caller(rate="3/second", method="jwt", credential="hash")))
    assert [(want.key, want.count, want.window_us) for want in (own[0], own[3])] == [
        ("tn_1:credential:requests:1:ac_1", 3, 1_000_000),
        ("tn_1:concurrency:concurrency:0:ac_1", 256, 0),
    ]


def test_an_api_key_has_a_rate_of_its_own_with_a_certificate_beside_it_too() -> None:
    found = wants(common=True, of=subject(caller=caller(method="api-key+mtls")))
    assert found[0].key == "tn_1:credential:requests:60:ck_1"
    assert wants(common=True, of=subject(caller=caller(method="jwt+mtls")))[0].key == "tn_1:credential:requests:60:ac_1"
