"""A back end that is handed what was sent has an address that nobody else reads on the way to, or none."""

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings.ner import Ner, check_ner


@pytest.mark.parametrize(
    "url", ["https://ner.example/read", "http://127.0.0.1:9000", "http://127.0.0.1/read", "http://[::1]:9000/read"]
)
def test_an_address_that_is_private_is_taken(url: str) -> None:
    check_ner(Ner(url=url, name="spacy-3.8/en-lg"))
    check_ner(Ner())


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (Ner(url="https://ner.example"), "go together"),
        (Ner(name="spacy"), "go together"),
        (Ner(url="http://ner.example", name="spacy"), r"ner\.url"),
        (Ner(url="http://127.0.0.1.evil.example", name="spacy"), r"ner\.url"),
        (Ner(url="http://127.0.0.1:9000@evil.example", name="spacy"), r"ner\.url"),
        (Ner(url="ftp://127.0.0.1", name="spacy"), r"ner\.url"),
        (Ner(url="https://ner.example", name="a b"), r"ner\.name"),
        (Ner(url="https://ner.example", name="x" * 65), r"ner\.name"),
        (Ner(addresses=("here",)), r"ner\.addresses"),
        (Ner(timeout_s=0.5), r"ner\.timeout_s"),
    ],
)
def test_what_cannot_be_is_told_by_its_key(given: Ner, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        check_ner(given)
