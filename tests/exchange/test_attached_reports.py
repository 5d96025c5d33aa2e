"""Reports in bundles know what policy versions declare, and what the policy in force says of frameworks."""

from gateway.evidence.selection import Scope, Selection
from gateway.exchange.attached_reports import reports
from gateway.exchange.frameworks import load
from gateway.exchange.terms import Terms
from tests.evidence.reports.registers import NOTHING
from tests.exchange.own_terms import CLASS, FRAMEWORK


def test_there_is_a_maker_for_each_kind_and_form() -> None:
    made = reports(NOTHING, Terms())
    paths = [one.path for one in made]
    assert len(set(paths)) == len(paths) == 14
    assert {"data/reports/period.html", "data/reports/processing.json"} <= set(paths)


def test_and_for_each_framework() -> None:
    own = load({"frameworks/house-rules.toml": FRAMEWORK.encode()}, classes={CLASS}, zones=())
    made = reports(NOTHING, Terms(frameworks=own))
    paths = [one.path for one in made]
    assert len(set(paths)) == len(paths) == 16
    assert {"data/reports/framework-house-rules.html", "data/reports/framework-house-rules.json"} <= set(paths)


def test_what_a_bundle_is_about_has_its_own_and_all_come_typeset_too() -> None:
    terms = Terms()
    about = Selection(scope=Scope(kind="subject", ids=("su_1",), exchanges=("ex_1",)))
    pages = {one.path for one in reports(NOTHING, terms, about)}
    assert {"data/reports/disclosures.html", "data/reports/erasure-receipt.json"} <= pages
    printed = {one.path for one in reports(NOTHING, terms, about, printed=True)}
    assert printed == {path.replace(".html", ".pdf") for path in pages if path.endswith(".html")}
