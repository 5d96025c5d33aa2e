"""The closed vocabulary of `when`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy import conditions
from gateway.core.errors import FormatError

from .making import DAY_US, NOON_US

_TENANTS, _REGIONS, _NETWORKS = ("default",), ("DE",), ("ward",)
_HOUR_US = 3_600_000_000


def _parse(text: str) -> tuple[str, ...]:
    return conditions.parse(text, _TENANTS, _REGIONS, _NETWORKS)


def test_always_has_no_terms_and_terms_are_sorted() -> None:
    assert _parse("always") == ()
    assert _parse("zone:trusted; contract:valid") == ("contract:valid", "zone:trusted")
    assert _parse("tenant:default;region:DE") == ("region:DE", "tenant:default")
    assert _parse("strength:certificate; network:ward") == ("network:ward", "strength:certificate")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "never",
        "network:10.0.0.0/8",
        "contract:nda",
        "zone:cloud",
        "tenant:other",
        "region:FR",
        "network:desk",
        "strength:key",
        "strength:",
        "time:8:00-18:00",
        "time:08:00-24:00",
        "time:08:00-08:00",
        "weekday:monday",
        "weekday:mon-",
        "always;contract:valid",
        "contract:valid;contract:valid",
        "contract:valid;",
        "eval(1)",
        "zone:trusted or True",
    ],
)
def test_any_other_condition_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        _parse(text)


@pytest.mark.parametrize("kind", ["basis", "jurisdiction"])
def test_a_condition_that_is_not_built_is_refused_by_name(kind: str) -> None:
    with pytest.raises(FormatError, match=f"the condition {kind} is not available in this version"):
        _parse(f"{kind}:something")


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("api-key", "key"),
        ("jwt", "token"),
        ("mtls", "certificate"),
        ("api-key+mtls", "certificate"),
        ("jwt+mtls", "certificate"),
        ("command-line", ""),
        (None, ""),
    ],
)
def test_a_method_says_how_strongly_a_caller_was_identified(method: str | None, found: str) -> None:
    assert conditions.strength(method) == found


@pytest.mark.parametrize(
    ("term", "offset_us", "holds"),
    [
        ("time:08:00-18:00", 0, True),
        ("time:12:00-12:01", 0, True),
        ("time:08:00-12:00", 0, False),
        ("time:18:00-08:00", 0, False),
        ("time:18:00-08:00", 11 * _HOUR_US, True),
        ("time:18:00-08:00", 19 * _HOUR_US, True),
        ("weekday:mon", 0, True),
        ("weekday:tue-sun", 0, False),
        ("weekday:fri-mon", 0, True),
        ("weekday:mon-fri", 5 * DAY_US, False),
        ("weekday:sat-sun", 5 * DAY_US, True),
    ],
)
def test_time_and_weekday_are_read_in_utc_with_windows_that_may_pass_midnight(
    term: str, offset_us: int, holds: bool
) -> None:
    _parse(term)
    assert (term in conditions.holding((term,), NOON_US + offset_us)) is holds


@settings(max_examples=60, deadline=None)
@given(
    terms=st.lists(
        st.sampled_from(
            [
                *("time:00:00-06:00", "time:06:00-12:00", "time:11:59-18:00", "time:22:00-06:01", "time:05:00-04:59"),
                *("weekday:mon", "weekday:tue-thu", "weekday:sat-mon", "weekday:thu-fri", "zone:trusted"),
            ]
        ),
        max_size=4,
        unique=True,
    )
)
def test_conditions_can_hold_where_there_is_a_minute_of_the_week_at_which_all_do(terms: list[str]) -> None:
    timed = {term for term in terms if conditions.is_timed(term)}
    minutes = range(NOON_US, NOON_US + 7 * DAY_US, 60_000_000)
    assert conditions.can_hold(terms) is any(conditions.holding(timed, at_us) == timed for at_us in minutes)


def test_the_epoch_was_a_thursday() -> None:
    assert conditions.DAYS[conditions.weekday(0)] == "thu"
    assert conditions.DAYS[conditions.weekday(NOON_US)] == "mon"


@settings(max_examples=200, deadline=None)
@given(now=st.integers(-(2**60), 2**60), start=st.integers(0, 1439), length=st.integers(1, 1439))
def test_a_window_and_the_rest_of_the_day_never_hold_at_once_and_never_both_fail(
    now: int, start: int, length: int
) -> None:
    end = (start + length) % 1440
    one, other = (f"time:{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in ((start, end), (end, start)))
    assert len(conditions.holding((one, other), now)) == 1


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_no_text_makes_the_reader_raise_anything_but_its_own_error(text: str) -> None:
    try:
        _parse(text)
    except FormatError:
        return


@pytest.mark.parametrize(
    ("term", "near"), [("tenant:clinc", "clinic"), ("region:DD", "DE"), ("network:wrad", "ward"), ("network:x", "")]
)
def test_a_name_that_is_not_there_is_refused_with_the_nearest_that_is(term: str, near: str) -> None:
    end = f"; the nearest is {near}$" if near else r"must name a \[\[network\]\]$"
    with pytest.raises(FormatError, match=end):
        conditions.parse(term, ["clinic"], ["DE"], ["ward"])
