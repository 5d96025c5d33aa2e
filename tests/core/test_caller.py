"""A caller goes by its name only where policy and configuration may mean it."""

from tests.exchange.making import identity


def test_a_subject_is_a_name_only_where_its_issuer_may_use_names() -> None:
    assert identity(subject="ada").name == "ada"
    assert identity(subject="ada", named=False).name == ""
