"""The rules find what they are for."""

import pytest

from gateway.evidence.reports.html import render
from gateway.evidence.reports.kinds import document
from tests.evidence.reports.accessibility import contrast, faults
from tests.evidence.reports.kit import basis


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('lang="en"', "", "no language"),
        ('scope="col"', "", "columns have no headers"),
        ('scope="row"', "", "row without its header"),
        ('role="img"', "", "picture without words"),
        ('tabindex="0"', "", "keyboard"),
        ('id="content"', 'id="toc"', "there twice"),
        ("<main", '<div onclick="x"></div><main', "loads or runs"),
        ("<main", '<script src="/x"></script><main', "a script"),
        ('href="#about"', 'href="https://elsewhere.example"', "leads nowhere"),
    ],
)
def test_what_does_not_hold_is_found(before: str, after: str, said: str) -> None:
    page = render(document("transfers", basis(300))).decode()
    changed = page.replace(before, after)
    assert changed != page
    assert any(said in fault for fault in faults(changed))


def test_tags_that_do_not_close_in_order_are_no_page() -> None:
    with pytest.raises(ValueError, match="closed"):
        faults("<html><b><i></b></i></html>")


def test_contrast_is_that_of_the_specification() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48
