"""The words of MCP, held against those of the protocol's own SDK."""

from mcp_types import methods, version

from gateway.agents import mcp_words as words


def test_the_versions_are_those_of_the_protocol() -> None:
    assert set(words.OLD_VERSIONS) <= set(version.HANDSHAKE_PROTOCOL_VERSIONS)
    assert words.NEW_VERSIONS == version.MODERN_PROTOCOL_VERSIONS
    assert words.ASSUMED in words.OLD_VERSIONS


def test_every_method_that_clients_of_a_version_send_is_known() -> None:
    for revision, era in (("2025-11-25", "old"), ("2026-07-28", "new")):
        asked = {name for name, told in methods.CLIENT_REQUESTS if told == revision}
        assert asked <= set(words.METHODS["old" if era == "old" else "new"]), revision
    assert {name for name, _ in methods.CLIENT_NOTIFICATIONS} <= words.NOTIFICATIONS


def test_what_is_named_in_a_header_is_a_method_of_both_eras() -> None:
    assert set(words.NAMED) <= set(words.METHODS["new"])
    assert words.METHODS["old"]["tools/call"] == words.METHODS["new"]["tools/call"] == "tool"
