import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.ledger.encoding import MAX_SIZE, from_base64, from_decimal, to_base64


@given(data=st.binary(max_size=70))
def test_base64_is_read_as_written(data: bytes) -> None:
    assert from_base64(to_base64(data)) == data


@pytest.mark.parametrize(
    "text", ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ==YQ==", "Y Q==", "-_-_", "=", "====", "é===", "YQ==="]
)
def test_base64_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        from_base64(text)


@given(text=st.text(alphabet="AQYRZz019+/=-_ \n", max_size=12))
@settings(max_examples=200)
def test_base64_has_one_text_for_one_value(text: str) -> None:
    try:
        data = from_base64(text)
    except FormatError:
        return
    assert to_base64(data) == text


@pytest.mark.parametrize("number", [0, 1, 10, MAX_SIZE])
def test_decimal_is_read(number: int) -> None:
    assert from_decimal(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "1\n", "١", "0x1", "1e3", str(2**63), "9" * 5000]
)
def test_decimal_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        from_decimal(text)
