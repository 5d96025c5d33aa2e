"""No word that is left out of scanning could be anybody's."""

import pytest

from gateway.agents.bodies import Vocabulary
from gateway.agents.responses_words import BODY, EVENTS, TEXT_TYPES, TOOL


@pytest.mark.parametrize("vocabulary", [BODY, TOOL])
def test_no_word_that_is_left_out_could_hold_an_identifier(vocabulary: Vocabulary) -> None:
    left_out = vocabulary.keys.union(*vocabulary.words.values()) | EVENTS
    assert all(word.strip("$").replace("_", "").replace(".", "").isalpha() for word in left_out)


def test_labels_that_tell_of_a_secret_are_kept() -> None:
    assert not {"authorization", "token", "password", "api_key"} & (BODY.keys | TOOL.keys)


def test_what_holds_bytes_is_not_read_as_text() -> None:
    assert not {"input_image", "input_file", "input_audio", "computer_screenshot", "image", "base64"} & TEXT_TYPES
