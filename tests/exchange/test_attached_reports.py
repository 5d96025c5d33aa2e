"""Reports in bundles know the register of the configuration, and what the policy in force says of frameworks."""

from gateway.exchange.attached_reports import reports
from gateway.exchange.frameworks import load
from gateway.exchange.terms import Terms
from gateway.settings import Settings
from tests.bootstrap.kit import configured
from tests.exchange.own_terms import CLASS, FRAMEWORK


def test_there_is_a_maker_for_each_kind_and_form(sqlite_settings: Settings) -> None:
    made = reports(configured(sqlite_settings), "default", Terms())
    paths = [one.path for one in made]
    assert len(set(paths)) == len(paths) == 12
    assert {"data/reports/period.html", "data/reports/processing.json"} <= set(paths)


def test_and_for_each_framework(sqlite_settings: Settings) -> None:
    own = load({"frameworks/house-rules.toml": FRAMEWORK.encode()}, classes={CLASS}, zones=())
    made = reports(configured(sqlite_settings), "default", Terms(frameworks=own))
    paths = [one.path for one in made]
    assert len(set(paths)) == len(paths) == 14
    assert {"data/reports/framework-house-rules.html", "data/reports/framework-house-rules.json"} <= set(paths)
