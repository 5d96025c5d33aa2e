import re

import pytest

from gateway.core.refusal import CODES, Refusal


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_an_error_status_and_a_title_and_fits_a_record(code: str) -> None:
    refusal = Refusal(code=code)
    assert 400 <= refusal.status <= 599
    assert refusal.title == CODES[code].title
    assert refusal.title
    assert re.fullmatch(r"[a-z0-9_]{1,64}", code)


def test_a_code_that_is_not_in_the_table_has_no_status() -> None:
    with pytest.raises(KeyError):
        _ = Refusal(code="made_up").status
