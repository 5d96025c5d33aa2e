"""What counts as found, as hidden, as right; and how sure that is."""

import pytest

from benchmarks.corpus.rows import Row, Span
from benchmarks.scoring import Count, f1, flagged, score, short_of, wilson
from gateway.core.finding import Finding


def found(kind: str, start: int, end: int) -> Finding:
    return Finding(kind, start, end, 0.9, "form")


def only(row: Row, *findings: Finding) -> dict[str, Count]:
    return score([row], [findings]).types


def test_intervals_are_those_of_wilson() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 10)[0] == 0.0


def test_one_character_in_common_finds_and_only_all_of_it_hides() -> None:
    row = Row("call 415-555-2671 now", (Span("phone", 5, 17),))
    assert only(row, found("phone", 0, 6)) == {"phone": Count(1, 1, 0, 1, 1)}
    assert only(row, found("phone", 5, 17)) == {"phone": Count(1, 1, 1, 1, 1)}
    assert only(row, found("phone", 17, 20)) == {"phone": Count(1, 0, 0, 1, 0)}
    assert only(row) == {"phone": Count(1, 0, 0, 0, 0)}


def test_hidden_is_hidden_under_whatever_type() -> None:
    row = Row("a 123-45-6789", (Span("us-ssn", 2, 13),))
    types = only(row, found("phone", 2, 6), found("account", 6, 13))
    assert types["us-ssn"] == Count(1, 0, 1, 0, 0)
    assert types["phone"] == Count(0, 0, 0, 1, 0)


def test_a_place_within_an_address_or_a_state_is_neither_right_nor_wrong() -> None:
    row = Row(
        "12 Boston Rd, Austin, TX", (Span("street-address", 0, 12), Span("place", 14, 20), Span("us-state", 22, 24))
    )
    types = only(row, found("place", 3, 9), found("place", 14, 20), found("place", 22, 24))
    assert types["place"] == Count(1, 1, 1, 1, 1)
    assert "us-state" not in types
    assert types["street-address"].labels == 1


def test_an_address_that_takes_in_the_town_finds_both() -> None:
    row = Row(
        "12 Main St, Austin 78701", (Span("street-address", 0, 10), Span("place", 12, 18), Span("postal-code", 19, 24))
    )
    types = only(row, found("street-address", 0, 24))
    assert [types[name].found for name in ("street-address", "place", "postal-code")] == [1, 1, 1]
    assert types["street-address"] == Count(1, 1, 1, 1, 1)


def test_a_date_of_birth_that_is_told_as_a_date_is_not_found_but_a_date_told_as_one_is() -> None:
    row = Row("2001-02-03", (Span("date-of-birth", 0, 10),))
    assert only(row, found("date", 0, 10))["date-of-birth"].found == 0
    row = Row("2001-02-03", (Span("date", 0, 10),))
    assert only(row, found("date-of-birth", 0, 10)) == {"date": Count(1, 1, 1, 1, 1)}


def test_what_is_only_partly_labelled_has_no_wrong_findings() -> None:
    row = Row("Dr. House has asthma", (Span("health-term", 14, 20),))
    types = only(row, found("health-term", 0, 3), found("health-term", 14, 20), found("special-religion", 4, 9))
    assert types == {"health-term": Count(1, 1, 1, 0, 0)}


def test_misses_say_what_was_told_instead_and_extras_why() -> None:
    row = Row("x 123456789 y", (Span("us-ssn", 2, 11),), "t-1")
    misses = score([row], [(found("account", 2, 11),)]).misses
    assert [(miss.kind, miss.type, miss.value, miss.reason) for miss in misses] == [
        ("missed", "us-ssn", "123456789", "told as account"),
        ("extra", "account", "123456789", "form"),
    ]
    assert misses[0].around == "x ⟦123456789⟧ y"
    assert misses[0].template == "t-1"


def test_classes_are_those_that_labels_and_findings_make() -> None:
    row = Row("a@b.example has asthma", (Span("email", 0, 11), Span("health-term", 16, 22)))
    classes = score([row, row], [(found("email", 0, 11), found("health-term", 16, 22)), (found("card", 0, 3),)]).classes
    assert classes["phi"] == Count(2, 1, 0, 1, 1)
    assert classes["pci"] == Count(0, 0, 0, 1, 0)


def test_languages_are_told_where_a_row_says_its_locale() -> None:
    rows = [Row("a@b.example", (Span("email", 0, 11),), locale=locale) for locale in ("de_DE", "en_US", "en_GB", "")]
    languages = score(rows, [(found("email", 0, 11),), (), (found("email", 0, 11),), ()]).languages
    assert languages == {"de": Count(1, 1, 1, 1, 1), "en": Count(2, 1, 1, 1, 1)}


def test_names_that_no_list_has_are_told_apart() -> None:
    row = Row("Anna Torabrick, Anna Lee", (Span("person", 0, 14), Span("person", 16, 24)), locale="en_US")
    assert score([row], [(found("person", 0, 14), found("person", 16, 24))]).invented == Count(1, 1, 1)
    assert score([row], [(found("person", 0, 4),)]).invented == Count(1, 1, 0)
    assert score([Row(row.text, row.spans)], [()]).invented == Count()


def test_overall_leaves_out_what_is_partly_labelled() -> None:
    rows = [Row("a@b.example asthma", (Span("email", 0, 11), Span("health-term", 12, 18)))]
    total = score(rows, [(found("email", 0, 11),)]).overall()
    assert (total.labels, total.found, total.findings) == (1, 1, 1)
    assert f1(total) == 1.0
    assert f1(Count()) is None
    assert f1(Count(labels=2, found=0, findings=3, right=0)) is None


def test_rows_without_personal_data_are_flagged_by_anything_but_health_terms() -> None:
    rows = [Row("asthma v1", category="plain"), Row("1.2.3.4", category="plain"), Row("u", category="uuid")]
    result = flagged(rows, [(found("health-term", 0, 6),), (found("ip", 0, 7),), (found("account", 0, 1),)])
    assert result.rows == {"plain": 2, "uuid": 1}
    assert result.flagged == {"plain": 1, "uuid": 1}
    assert result.total() == (1, 2)
    assert result.types["plain"] == {"ip": 1}


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Count(100, 99, 99, 100, 99), []),
        (Count(100, 98, 99, 100, 99), ["recall 0.980, 0.99 is wanted"]),
        (Count(0, 0, 0, 2, 1), ["precision 0.500, 0.99 is wanted"]),
    ],
)
def test_what_falls_short_of_a_target_is_told(count: Count, said: list[str]) -> None:
    assert list(short_of("email", count)) == said
    assert list(short_of("url", count)) == []
    assert list(short_of("person", Count(10, 6, 0, 10, 7), (0.75, 0.6))) == ["precision 0.700, 0.75 is wanted"]
