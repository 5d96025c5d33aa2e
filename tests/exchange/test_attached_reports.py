"""Reports in bundles know the register of the configuration and the classes that ship."""

from gateway.exchange.attached_reports import reports
from gateway.settings import Settings
from tests.bootstrap.kit import configured


def test_there_is_a_maker_for_each_kind_and_form(sqlite_settings: Settings) -> None:
    made = reports(configured(sqlite_settings), "default")
    paths = [one.path for one in made]
    assert len(set(paths)) == len(paths) == 12
    assert {"data/reports/period.html", "data/reports/processing.json"} <= set(paths)
