"""`gateway openapi`: the API's description, from the code alone."""

import json
from pathlib import Path

from tests.cli.kit import Run


def test_the_document_is_printed_without_configuration_or_database(gateway: Run, empty: Path) -> None:
    result = gateway("openapi")
    document = json.loads(result.out)
    assert result.code == 0
    assert document["openapi"].startswith("3.1")
    assert {"/audit/records", "/evidence/bundles", "/healthz", "/readyz", "/metrics"} <= set(document["paths"])
    assert list(empty.iterdir()) == []


def test_as_data_it_is_one_line(gateway: Run, empty: Path) -> None:
    assert gateway("openapi", "--json").data == json.loads(gateway("openapi").out)
