"""Embeddings: every place that the client library knows of, in requests and answers."""

import pytest
from openai.types import CreateEmbeddingResponse
from openai.types.embedding_create_params import EmbeddingCreateParams

from gateway.agents.embeddings import EmbeddingsAdapter
from gateway.checks.schema import Schema
from tests.agents.support import inbound, read, route
from tests.extraction.listing import Tables, check
from tests.extraction.planting import LIMITS, Verdicts, answered, body, requested
from tests.extraction.shapes import places
from tests.extraction.test_chat import errors

ADAPTER, AGENT = EmbeddingsAdapter(LIMITS), route()
PATH = "/v1/embeddings"


def _requests() -> Verdicts:
    return requested(
        ADAPTER,
        list(places(EmbeddingCreateParams)),
        lambda document: inbound(body(document), path=PATH),
        AGENT,
        Schema(ADAPTER.schema),
    )


def _answers() -> Verdicts:
    asked = read(ADAPTER.read(inbound({"model": "m", "input": "x"}, path=PATH), LIMITS))
    return answered(ADAPTER, list(places(CreateEmbeddingResponse)), asked, AGENT)


def _errors() -> Verdicts:
    asked = read(ADAPTER.read(inbound({"model": "m", "input": "x"}, path=PATH), LIMITS))
    return answered(ADAPTER, list(errors()), asked, AGENT, status=400)


TABLES: Tables = {"embeddings-requests": _requests, "embeddings-answers": _answers, "embeddings-errors": _errors}


@pytest.mark.parametrize("table", TABLES)
def test_no_place_is_lost_and_every_place_is_listed(table: str) -> None:
    check(table, TABLES[table]())
