"""What is kept of a text that has left."""

from gateway.agents.ending import KEPT, ending


def test_the_end_of_both_is_kept_from_a_words_beginning_on() -> None:
    assert ending("", "") == ""
    assert ending("call 555-", "1234") == "call 555-1234"
    assert ending("first ", "x" * (KEPT - 3) + " y") == "x" * (KEPT - 3) + " y"
    assert ending("a" * KEPT, "bc") == "a" * (KEPT - 2) + "bc", "no word begins in it"
    assert ending("one two ", "z" * (KEPT - 4)) == "z" * (KEPT - 4)
