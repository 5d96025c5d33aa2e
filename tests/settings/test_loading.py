"""What is read is whole, or refused with the name of what is wrong and never with its value."""

import re
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import load, secret, with_id
from tests.settings.kit import AGENT, HIDDEN, ZONE, parsed, refused


def test_a_key_that_is_not_known_names_the_nearest_one_that_is() -> None:
    assert refused(server={"prot": 1}) == "server.prot is not a setting; the nearest known one is server.port"
    assert refused(agnet=[AGENT]) == "agnet is not a setting; the nearest known one is agent"
    said = refused(zone=[ZONE], agent=[{**AGENT, "modle": HIDDEN}])
    assert said == "agent[0].modle is not a setting; the nearest known one is agent[0].model"
    nested = {"id": "p", "legal_name": "P", "address": "A", "country": "US", "agreement": {"digset": HIDDEN}}
    assert "processor[0].agreement.digset" in refused(processor=[nested])
    assert refused(base="/elsewhere").startswith("base is not a setting")


def test_the_environment_lies_over_the_file_and_is_converted_to_the_settings_type() -> None:
    environment = {
        "GATEWAY_SERVER_PORT": "9000",
        "GATEWAY_SERVER_TRUSTED_PROXIES": "10.0.0.1,10.0.0.2",
        "GATEWAY_POLICY_FOUR_EYES": "true",
        "GATEWAY_CONFIG": HIDDEN,
        "GATEWAY_TEST_X": HIDDEN,
        "PATH": HIDDEN,
    }
    settings = parsed(environment, server={"port": 1, "host": "::1"})
    assert (settings.server.port, settings.server.host) == (9000, "::1")
    assert settings.server.trusted_proxies == ("10.0.0.1", "10.0.0.2")
    assert settings.policy.four_eyes is True


def test_a_variable_that_names_no_setting_or_has_no_fit_value_is_refused_by_its_name() -> None:
    assert "GATEWAY_SERVER_PORT" in refused({"GATEWAY_SERVER_PROT": HIDDEN})
    assert "names no section" in refused({"GATEWAY_SEVRER_PORT": HIDDEN})
    assert "names no section" in refused({"GATEWAY_AGENT_URL": HIDDEN}), "tables come from the file alone"
    assert refused({"GATEWAY_SERVER_PORT": HIDDEN}).startswith("GATEWAY_SERVER_PORT: ")
    assert refused({"GATEWAY_SERVER_LOG_LEVEL": HIDDEN}).startswith("GATEWAY_SERVER_LOG_LEVEL: ")
    assert refused({"GATEWAY_SERVER_HOST": "\udcff"}) == "GATEWAY_SERVER_HOST must be UTF-8"


def test_a_value_of_a_wrong_type_is_named_by_its_place_and_never_quoted() -> None:
    assert "server.log_level" in refused(server={"log_level": HIDDEN})
    assert "server.port" in refused(server={"port": HIDDEN})
    assert "agent[0].protocol" in refused(agent=[{**AGENT, "protocol": HIDDEN}])
    assert refused(server=HIDDEN) == "server must be a table"
    assert refused(agent=[HIDDEN]) == "agent[0] must be a table"


def test_a_value_that_is_none_of_its_words_is_answered_with_these_words() -> None:
    for told, settings in (
        ("expected one of debug, info, warning, error - at server.log_level", {"server": {"log_level": HIDDEN}}),
        ("expected one of openai, anthropic, mcp", {"zone": [ZONE], "agent": [{**AGENT, "protocol": HIDDEN}]}),
        ("expected one of BAA, DPA, SCC - at processor[0].agreement.kind", {"processor": [_processor(HIDDEN)]}),
    ):
        said = refused(**settings)
        assert (told in said, HIDDEN in said) == (True, False)
    said = refused({"GATEWAY_EVIDENCE_ENCRYPTION": HIDDEN})
    assert said == "GATEWAY_EVIDENCE_ENCRYPTION: Invalid enum value: expected one of asked, required, configured"


def _processor(kind: str) -> dict[str, object]:
    agreement = {"kind": kind, "digest": f"sha256:{'0' * 64}", "valid_until": "2030-01-01", "classes": ["pii"]}
    return {"id": "p", "legal_name": "P", "address": "A", "country": "US", "agreement": agreement}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbf[server]\n", "must not begin with a byte order mark"),
        ("[server]\n".encode("utf-16"), "must be UTF-8"),
        (b"[server]\nport = \n", "line 2, column 8: a value is missing"),
        (b"[[agent]]\nid = 'a'\n[agent]\n", "line 3, column 7: a table is there twice; of what may be repeated"),
        (b"[server]\nport = 1\nport = 2", "at its end: a key is there twice"),
    ],
)
def test_what_is_no_toml_is_told_with_where_and_why(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "gateway.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        load(file, {})


def test_a_value_with_a_quote_in_it_is_not_quoted_in_part() -> None:
    for value in (f"it's {HIDDEN}", f"'\"{HIDDEN}", f"x' - at `$.{HIDDEN}", f"\n{HIDDEN}"):
        assert "server.log_level" in refused(server={"log_level": value})
        assert "GATEWAY_SERVER_LOG_LEVEL" in refused({"GATEWAY_SERVER_LOG_LEVEL": value})


def test_a_file_that_is_not_there_or_not_toml_is_told_without_its_text(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    with pytest.raises(ConfigurationError, match="gateway init"):
        load(file, {})
    for content in (f'[server]\nkey = "{HIDDEN}'.encode(), b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(ConfigurationError) as raised:
            load(file, {})
        assert HIDDEN not in str(raised.value)
    file.write_text("[server]\nport = 1\n")
    assert load(file, {}).base == str(tmp_path.resolve())


def test_a_secret_comes_from_where_its_reference_says_or_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{HIDDEN}\n")
    assert secret("file:token", str(tmp_path)) == HIDDEN
    assert secret("env:TOKEN", "", {"TOKEN": HIDDEN}) == HIDDEN
    for reference in ("env:TOKEN", "file:no"):
        with pytest.raises(ConfigurationError):
            secret(reference, str(tmp_path), {"TOKEN": ""})
    (tmp_path / "token").write_bytes(HIDDEN.encode() + b"\xff")
    for reference in ("env:TOKEN", "file:token"):
        with pytest.raises(ConfigurationError, match="must be UTF-8") as raised:
            secret(reference, str(tmp_path), {"TOKEN": f"{HIDDEN}\udcff"})
        assert raised.value.__cause__ is None


def test_a_table_that_is_named_by_its_number_is_named_by_its_id_too_where_that_is_one() -> None:
    tables = {"agent": [{"id": "ward"}, {"id": "a b"}, {}, {"id": 7}], "server": {"id": "x"}}
    assert with_id("agent[0].url must be one", tables) == "agent[0].url must be one (agent ward)"
    for same in (
        "agent[0].id must be one",
        "agent[0].url must not be as of ward",
        "agent[1].url must be one",
        "agent[2].url must be one",
        "agent[3].url must be one",
        "agent[4].url must be one",
        "server[0].url must be one",
        "zone[0].id must be one",
        "nothing",
    ):
        assert with_id(same, tables) == same
