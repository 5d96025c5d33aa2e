"""The words of A2A: its operations in both bindings, its errors, and other spellings of its members."""

import re

import pytest
from a2a.types import a2a_pb2
from a2a.utils.errors import A2A_ERROR_MAPPING, JSON_RPC_ERROR_CODE_MAP

from gateway.agents.a2a_words import A2A, BY_CODE, FREE, OPERATIONS, STATES, TIMESTAMP, misspelt


def test_the_operations_are_those_of_the_protocols_own_service() -> None:
    assert set(OPERATIONS) == {method.name for method in a2a_pb2.DESCRIPTOR.services_by_name["A2AService"].methods}


def test_every_member_of_the_protocols_messages_is_known() -> None:
    """Those of security schemes and signatures are the gateway's own to say, and so are a card's interfaces."""
    ours = re.compile(r".*(SecurityScheme|OAuthFlow|OAuthFlows|CardSignature|AgentInterface|StringList)$")
    members = {
        field.json_name
        for name, message in a2a_pb2.DESCRIPTOR.message_types_by_name.items()
        if not ours.match(name) and not name.startswith("Security")
        for field in message.fields
    }
    assert members - A2A.keys <= {"securitySchemes", "securityRequirements"}


def test_errors_have_the_codes_and_statuses_that_the_sdk_gives_them() -> None:
    for kind, code in JSON_RPC_ERROR_CODE_MAP.items():
        mapped, own = A2A_ERROR_MAPPING.get(kind), BY_CODE[code]
        if mapped is not None:
            assert (own.status, own.state, own.reason) == tuple(mapped)


def test_the_states_are_the_protocols() -> None:
    assert {value.name for value in a2a_pb2.DESCRIPTOR.enum_types_by_name["TaskState"].values} == STATES


@pytest.mark.parametrize(
    "key", ["context_id", "ContextId", "CONTEXTID", "context_Id", "media_type", "Text", "part\u017f"]
)
def test_another_spelling_of_a_member_is_told(key: str) -> None:
    assert misspelt(key)


@pytest.mark.parametrize("key", [*sorted(A2A.keys), "contextIds", "my_note", "", "x"])
def test_members_and_unknown_keys_are_no_misspellings(key: str) -> None:
    assert not misspelt(key)


def test_what_is_somebodys_own_is_known_by_its_member() -> None:
    assert A2A.keys > FREE


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2026-01-05T12:00:00Z", True),
        ("2026-01-05T12:00:00.123456Z", True),
        ("2026-01-05T12:00:00.078051120Z", False),
        ("2026-01-05T12:00:00+01:00", False),
        ("2026-01-05", False),
    ],
)
def test_a_timestamp_says_when_and_nothing_more(text: str, good: bool) -> None:
    assert (TIMESTAMP.fullmatch(text) is not None) == good
