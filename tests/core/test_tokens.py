"""A token says nothing of what it stands for, and is nothing in any other book."""

import re

from gateway.core.tokens import MAX_TOKEN, MAX_TOKENS, MAX_VALUE, TOKEN, Book, Meant, instead


def test_the_same_finding_has_the_same_token_and_another_one_another() -> None:
    book = Book()
    first = book.token("person", "Ada")
    assert first is not None
    assert first == book.token("person", "Ada")
    assert first != book.token("person", "Bob")
    assert first != book.token("title", "Ada")
    assert re.fullmatch(TOKEN, first)
    assert book.meant(first) == Meant("person", "Ada")
    assert book.meant(first.lower()) is None
    assert len(book) == len(book.fresh) == 3


def test_a_token_is_random_and_its_length_bounded() -> None:
    kinds = ("x-" + "y" * 60, "email")
    made = {Book().token(kind, "value") for kind in kinds for _ in range(20)}
    assert len(made) == 40
    assert all(token is not None and len(token) <= MAX_TOKEN and re.fullmatch(TOKEN, token) for token in made)


def test_a_book_is_bounded_and_says_when_it_is_full() -> None:
    empty, book = Book(), Book()
    assert empty.token("secret-private-key", "x" * (MAX_VALUE + 1)) is None
    assert not empty.overflowed
    made = [book.token("person", str(number)) for number in range(MAX_TOKENS)]
    assert len(set(made)) == MAX_TOKENS
    assert book.token("person", "one more") is None
    assert book.overflowed
    assert book.token("person", "0") == made[0]


def test_what_is_stored_counts_before_what_is_fresh() -> None:
    book, other = Book(), Book()
    mine, alone = str(book.token("person", "Ada")), str(book.token("person", "Bob"))
    theirs, more = str(other.token("person", "Ada")), str(other.token("phone", "1"))
    changed = book.learn(other.fresh.items())
    assert changed == {mine: theirs}
    assert instead({"/a": f"{mine} {alone} [X]"}, changed) == {"/a": f"{theirs} {alone} [X]"}
    assert set(book.fresh) == {alone}
    assert book.meant(mine) is None
    assert book.meant(theirs) == Meant("person", "Ada")
    assert book.token("person", "Ada") == theirs
    book.stored()
    assert (book.fresh, book.pages) == ({}, 1)
    assert book.learn(other.fresh.items()) == {}, "a page that is read twice changes nothing"
    assert book.count([f"{theirs} {theirs}", f"{more}", mine]) == {"person": 1, "phone": 1}


def test_nothing_of_it_is_shown() -> None:
    book = Book()
    token = str(book.token("person", "Ada Lovelace"))
    assert "Ada" not in f"{book!r} {book.meant(token)!r} {book}"
    assert token not in repr(book)
