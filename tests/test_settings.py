"""Settings are whole and consistent, or refused with the name of what is wrong and never with its value."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings import Breaker, Settings, load, may_name, parse, secret

ZONE = {"id": "in-house", "trusted": True}
AGENT = {"id": "local", "protocol": "openai", "url": "http://l:1/base", "zone": "in-house", "capabilities": ["triage"]}
ISSUER = {"issuer": "https://i", "audience": "g", "algorithms": ["ES256"], "jwks_file": "k.json"}
HIDDEN = "hunter2-swordfish"


def parsed(environment: dict[str, str] | None = None, **document: Any) -> Settings:
    return parse(document, environment or {}, Path("/nowhere"))


def refused(environment: dict[str, str] | None = None, **document: Any) -> str:
    with pytest.raises(ConfigurationError) as raised:
        parsed(environment, **document)
    assert HIDDEN not in str(raised.value)
    return str(raised.value)


def test_an_empty_file_is_a_whole_configuration_that_listens_on_this_machine_alone() -> None:
    settings = parsed()
    assert settings.server.host == "127.0.0.1"
    assert [tenant.id for tenant in settings.tenants] == ["default"]
    assert settings.path("keys") == Path("/nowhere/keys")


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


def test_a_value_of_a_wrong_type_is_named_by_its_place_and_never_quoted() -> None:
    assert "server.log_level" in refused(server={"log_level": HIDDEN})
    assert "server.port" in refused(server={"port": HIDDEN})
    assert "agent[0].protocol" in refused(agent=[{**AGENT, "protocol": HIDDEN}])
    assert refused(server=HIDDEN) == "server must be a table"
    assert refused(agent=[HIDDEN]) == "agent[0] must be a table"


def test_a_value_with_a_quote_in_it_is_not_quoted_in_part() -> None:
    for value in (f"it's {HIDDEN}", f"'\"{HIDDEN}", f"x' - at `$.{HIDDEN}", f"\n{HIDDEN}"):
        assert "server.log_level" in refused(server={"log_level": value})
        assert "GATEWAY_SERVER_LOG_LEVEL" in refused({"GATEWAY_SERVER_LOG_LEVEL": value})


WEB = {"issuer": "https://login.example", "audience": "g", "algorithms": ["ES256"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"discovery": True},
        {"discovery": True, "issuer": "https://login.example/realms/a", "key_hosts": ["keys.example"]},
        {"discovery": True, "issuer": "http://127.0.0.1:8080"},
        {"jwks_url": "https://login.example/keys?p=a", "ca": "ca.pem", "addresses": ["10.0.0.0/8"]},
        {"jwks_url": "http://[::1]:8080/keys", "refresh_s": 10, "refetch_s": 1, "hold_s": 10},
        {"jwks_url": "https://keys.example", "issuer": "anything"},
    ],
)
def test_keys_of_an_issuer_may_be_fetched(changes: dict[str, Any]) -> None:
    (issuer,) = parsed(issuer=[{**WEB, **changes}]).issuer
    assert issuer.jwks_file is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "issuer[0] needs one of jwks_file, jwks_url and discovery = true"),
        ({"jwks_file": "a", "discovery": True}, "issuer[0] needs one of"),
        ({"jwks_url": "https://login.example", "discovery": True}, "issuer[0] needs one of"),
        ({"jwks_url": "http://login.example/keys"}, "issuer[0].jwks_url must be https://"),
        ({"jwks_url": "http://127.0.0.1.login.example/keys"}, "issuer[0].jwks_url must be https://"),
        ({"jwks_url": "https://user@login.example/keys"}, "issuer[0].jwks_url must be https://"),
        ({"jwks_url": "file:///keys.json"}, "issuer[0].jwks_url must be https://"),
        ({"discovery": True, "issuer": "http://login.example"}, "issuer[0].issuer must be https://"),
        ({"discovery": True, "issuer": "https://login.example?a"}, "issuer[0].issuer must be https://"),
        ({"jwks_url": "https://login.example", "key_hosts": ["a"]}, "issuer[0].key_hosts is for discovery"),
        ({"discovery": True, "key_hosts": ["a:1"]}, "issuer[0].key_hosts must be names of hosts"),
        ({"jwks_file": "a", "ca": "ca.pem"}, "issuer[0]: ca and addresses are for keys over HTTP"),
        ({"discovery": True, "addresses": ["10.0.0.1/8"]}, "issuer[0].addresses must be networks"),
        ({"discovery": True, "refresh_s": 9}, "issuer[0].refresh_s must lie between 10 and 86400"),
        ({"discovery": True, "refetch_s": 0}, "issuer[0].refetch_s must lie between 1 and 3600"),
        ({"discovery": True, "hold_s": 599}, "issuer[0].hold_s must be at least refresh_s"),
    ],
)
def test_where_an_issuers_keys_come_from_must_be_said_in_one_way(changes: dict[str, Any], told: str) -> None:
    assert refused(issuer=[{**WEB, **changes}]).startswith(told)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("server", "port", 65536),
        ("server", "port", -1),
        ("server", "max_body_bytes", 1023),
        ("server", "max_depth", 3),
        ("server", "body_timeout_s", float("nan")),
        ("ledger", "checkpoint_interval_s", 0),
        ("limits", "concurrency", 0),
        ("classification", "budget_ms", float("inf")),
    ],
)
def test_a_number_out_of_its_bounds_is_refused_with_the_bounds(section: str, key: str, value: float) -> None:
    assert refused(None, **{section: {key: value}}).startswith(f"{section}.{key} must lie between")


def test_what_no_stream_can_be_held_to_is_refused() -> None:
    streaming = {**AGENT, "protocol": "mcp", "answer_schema": "answer.json"}
    assert refused(zone=[ZONE], agent=[streaming]).startswith("agent[0].answer_schema: ")


CLIENTS = {"client_ca": "ca.pem", "tls_certificate": "a", "tls_key": "b"}


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"trusted_proxies": ["10.0.0.5", HIDDEN]}, "server.trusted_proxies[1] must be an address or a network"),
        ({"trusted_proxies": ["*"]}, "server.trusted_proxies[0] must be an address or a network"),
        ({"trusted_proxies": ["10.0.0.5/8"]}, "server.trusted_proxies[0] must be an address or a network"),
        ({"client_ca": "ca.pem"}, "server.client_ca needs tls_certificate"),
        ({"client_auth": "required"}, "server.client_ca is needed"),
        ({"client_crl": ["a.crl"]}, "server.client_ca is needed"),
        ({"client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]}, "server.client_ca is needed"),
        ({**CLIENTS, "client_header": "client-cert"}, "server.client_header needs trusted_proxies"),
        ({**CLIENTS, "client_header": HIDDEN}, "Invalid enum value"),
    ],
)
def test_what_is_said_of_callers_must_come_from_somebody_who_can_know(server: dict[str, Any], told: str) -> None:
    assert refused(server=server).startswith(told)


def test_whom_a_certificate_stands_for_is_somebody_of_this_configuration() -> None:
    table = {"match": "dns:a.example"}
    assert parsed(server=CLIENTS, certificate=[table]).certificate[0].kind == "service"
    assert refused(certificate=[table]).startswith("server.client_ca is needed")
    for changed, told in (
        ({"zone": "no"}, "certificate[0].zone names no [[zone]]"),
        ({"tenant": "no"}, "certificate[0].tenant names no [[tenant]]"),
        ({"authorities": ["sha256:00"]}, "certificate[0].authorities must be sha256: and 64 hex digits in lower case"),
    ):
        assert refused(server=CLIENTS, certificate=[{**table, **changed}]) == told


def test_every_reference_leads_to_something_that_is_there() -> None:
    assert refused(agent=[AGENT]) == "agent[0].zone names no [[zone]]"
    assert refused(zone=[ZONE], agent=[{**AGENT, "processor": "no"}]) == "agent[0].processor names no [[processor]]"
    assert refused(zone=[{**ZONE, "within": "no"}]) == "zone[0].within names no [[zone]]"
    assert refused(issuer=[{**ISSUER, "zone": "no"}]) == "issuer[0].zone names no [[zone]]"
    assert refused(zone=[ZONE, ZONE]) == "zone[1].id is there twice"
    assert refused(issuer=[ISSUER, ISSUER]) == "issuer[1].issuer is there twice"
    assert "is both" in refused(zone=[ZONE], agent=[{**AGENT, "capabilities": ["local"]}])


def test_names_in_a_tenant_of_several_issuers_are_those_of_issuers_that_say_so() -> None:
    partner = {**ISSUER, "issuer": "https://partner.example"}
    names: tuple[dict[str, Any], ...] = (
        {"zone": [ZONE], "agent": [{**AGENT, "callers": ["default/bot"]}]},
        {"limit": [{"name": "l", "what": "requests", "count": 1, "callers": ["bot"]}]},
    )
    for section in names:
        assert refused(issuer=[ISSUER, partner], **section).startswith("issuer[0].named must be true or false: ")
        said = refused(issuer=[{**ISSUER, "named": True}, partner], **section)
        assert said.startswith("issuer[1].named must be true or false: ")
        whole = {"issuer": [{**ISSUER, "named": True}, {**partner, "named": False}], **section}
        settings = parse(whole, {}, Path("/nowhere"))
        assert [may_name(one, "default", settings.issuer) for one in settings.issuer] == [True, False]
        parse({"issuer": [ISSUER], **section}, {}, Path("/nowhere"))
    # Without names nothing must be said, and then none of them is meant; a sole issuer's are.
    both = parse({"issuer": [ISSUER, partner]}, {}, Path("/nowhere")).issuer
    assert [may_name(one, "default", both) for one in both] == [False, False]
    assert may_name(both[0], "default", both[:1])


def test_who_calls_as_an_agent_is_that_agent_alone() -> None:
    first, second = ({**AGENT, "id": name, "callers": ["default/bot", f"default/{name}"]} for name in ("a", "b"))
    assert refused(zone=[ZONE], agent=[first, second]).startswith("agent[1].callers holds a caller that is there twice")
    calls = {**AGENT, "callers": ["default/some/one"], "delegation": True}
    assert parse({"zone": [ZONE], "agent": [calls]}, {}, Path("/nowhere")).agent[0].callers == ("default/some/one",)


@pytest.mark.parametrize(
    "changed",
    [
        {"url": f"http://user:{HIDDEN}@host"},
        {"url": f"http://host/?key={HIDDEN}"},
        {"url": "file:///etc/passwd"},
        {"credential": HIDDEN},
        {"protocol": "http"},
        {"id": "Upper Case"},
        {"capabilities": ["Not One"]},
        {"apis": ["telepathy"]},
        {"apis": ["chat"], "protocol": "anthropic"},
        {"url": "https://host", "client_certificate": "c.pem"},
        {"url": "https://host", "client_key": "c.key"},
        {"url": "https://host", "pin": ["sha256:00"]},
        {"url": "https://host", "pin": ["sha256:" + "A" * 64]},
        {"url": "http://host", "pin": ["sha256:" + "0" * 64]},
        {"url": "http://host", "ca": "ca.pem"},
        {"url": "http://host", "client_certificate": "c.pem", "client_key": "c.key"},
        {"addresses": ["10.0.0.1/8"]},
        {"addresses": ["agent.test"]},
        {"max_connections": 0},
        {"max_connections": 65536},
        {"delegation": True},
        {"callers": ["bot"]},
        {"callers": ["default/"]},
        {"callers": ["other/bot"]},
        {"callers": ["default/bot", "default/bot"]},
        {"a2a": {}},
        {"protocol": "a2a", "answer_schema": "told.json"},
        {"protocol": "a2a", "a2a": {"path": "rpc"}},
        {"protocol": "a2a", "a2a": {"path": "/rpc?x=1"}},
        {"protocol": "a2a", "a2a": {"card": ""}},
        {"protocol": "a2a", "a2a": {"card": "/card#x"}},
        {"protocol": "a2a", "a2a": {"push_urls": ["hooks.example"]}},
        {"protocol": "a2a", "a2a": {"file_urls": [f"https://user:{HIDDEN}@files.example/"]}},
    ],
)
def test_an_agent_that_could_not_be_served_or_would_tell_a_secret_is_refused(changed: dict[str, Any]) -> None:
    assert refused(zone=[ZONE], agent=[{**AGENT, **changed}]).startswith("agent[0].")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("timeout_s", 0), ("connect_timeout_s", -1.0), ("first_byte_timeout_s", 1e9), ("idle_timeout_s", 0.0)),
        *(("concurrency", 0), ("queue", -1), ("queue_timeout_s", 601), ("retries", 11), ("retry_budget", 1.1)),
        *(("retry_wait_s", -0.1), ("health_interval_s", 0.0)),
        *(("fault_share", 0.0), ("slow_share", 1.1), ("slow_s", -1.0), ("calls", 0), ("window_s", 0.5)),
        *(("open_s", 0.0), ("open_max_s", 1e9), ("probes", 0)),
    ],
)
def test_times_and_shares_of_an_agent_keep_to_their_bounds(key: str, value: float) -> None:
    inside = key in {field.name for field in msgspec.structs.fields(Breaker)}
    changed = {"breaker": {key: value}} if inside else {key: value}
    said = refused(zone=[ZONE], agent=[{**AGENT, **changed}])
    assert said.startswith(f"agent[0].{'breaker.' if inside else ''}{key} must lie between ")


@pytest.mark.parametrize("path", ["", "healthz", "/a b", "/\u00e4", "http://elsewhere/"])
def test_a_health_check_is_a_path(path: str) -> None:
    said = refused(zone=[ZONE], agent=[{**AGENT, "health": path}])
    assert said == "agent[0].health must be a path that starts with /, below the agent's url"


def test_what_could_not_be_read_is_never_kept() -> None:
    assert refused(cache={"classes": ["public", "unscanned"]}).startswith("cache.classes must not name unscanned")


def test_what_this_version_cannot_keep_is_refused_not_ignored() -> None:
    assert "workers" in refused(server={"workers": 2})
    assert "go together" in refused(server={"tls_key": "k.pem"})
    assert "algorithms" in refused(issuer=[{**ISSUER, "algorithms": []}])


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


def test_the_gateways_address_is_what_callers_write_or_what_it_listens_on() -> None:
    assert parsed().address == "http://127.0.0.1:8787"
    assert parsed(server={"host": "::1", "port": 80}).address == "http://[::1]:80"
    assert parsed(server={"tls_certificate": "c.pem", "tls_key": "k.pem"}).address == "https://127.0.0.1:8787"
    assert parsed(server={"public_url": "https://gw.example/base/"}).address == "https://gw.example/base"


@pytest.mark.parametrize(
    "value", ["gw.example", "ftp://gw.example", "https://user@gw.example", "https://gw.example?a=1"]
)
def test_an_address_that_nobody_could_reach_is_refused(value: str) -> None:
    assert "server.public_url" in refused(server={"public_url": value})


@pytest.mark.parametrize("value", ["*", "null", "https://A.example", "https://a.example/", "https://a.example/page"])
def test_an_origin_that_no_browser_sends_is_refused(value: str) -> None:
    assert "server.allowed_origins[1]" in refused(server={"allowed_origins": ["https://a.example:8443", value]})


LIMIT = {"name": "daily", "what": "tokens", "count": 10}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "tenant"}, "limit[0].name must not be that of a limit in [limits]"),
        ({"name": HIDDEN + " "}, "limit[0].name must be of lower-case letters"),
        ({"per": ["caller", HIDDEN]}, "limit[0].per may hold agent, caller, capability, class"),
        ({"tenants": [HIDDEN]}, "limit[0].tenants must name configured tenants"),
        ({"agents": [HIDDEN]}, "limit[0].agents must name configured agents"),
        ({"capabilities": [HIDDEN]}, "limit[0].capabilities must name configured capabilities"),
        ({"count": 0}, "limit[0].count must lie between"),
        ({"window_s": 2_678_401}, "limit[0].window_s must lie between"),
        ({"what": "spend"}, "limit[0] limits spend, and an agent that it applies to has no [[price]]"),
    ],
)
def test_a_limit_that_could_not_be_kept_is_refused(fields: dict[str, Any], said: str) -> None:
    assert refused(zone=[ZONE], agent=[AGENT], limit=[{**LIMIT, **fields}]).startswith(said)


def test_limits_have_names_of_their_own_and_name_what_there_is() -> None:
    assert refused(limit=[LIMIT, LIMIT]) == "limit[1].name is there twice"
    whole = {**LIMIT, "agents": ["local"], "capabilities": ["triage"], "tenants": ["default"], "per": ["class"]}
    (limit,) = parsed(zone=[ZONE], agent=[AGENT], limit=[whole]).limit
    assert (limit.agents, limit.window_s, limit.hard) == (("local",), 60, True)


def test_spend_is_limited_only_where_every_agent_has_a_price() -> None:
    spend, other = {**LIMIT, "what": "spend"}, {**AGENT, "id": "other", "model": "big", "capabilities": []}
    agents: dict[str, Any] = {"zone": [ZONE], "agent": [AGENT, other]}
    assert "no [[price]]" in refused(**agents, limit=[spend], price=[{"agent": "local"}])
    assert parsed(**agents, limit=[spend], price=[{"agent": "local"}, {"model": "big", "input": 5}]).limit
    assert parsed(**agents, limit=[{**spend, "agents": ["local"]}], price=[{"agent": "local"}]).limit


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ([{}], "price[0] must name either an agent or a model"),
        ([{"agent": "local", "model": "m"}], "price[0] must name either an agent or a model"),
        ([{"agent": HIDDEN}], "price[0].agent names no [[agent]]"),
        ([{"model": "m"}, {"model": "m"}], "price[1] is there twice"),
        ([{"model": "m", "output": -1}], "price[0].output must lie between"),
    ],
)
def test_a_price_that_is_for_nobody_or_for_two_or_below_nothing_is_refused(
    prices: list[dict[str, Any]], said: str
) -> None:
    assert refused(zone=[ZONE], agent=[AGENT], price=prices).startswith(said)


def test_money_is_of_a_currency_that_has_a_code() -> None:
    assert refused(limits={"currency": HIDDEN}) == "limits.currency must be the three letters of ISO 4217, like EUR"


@pytest.mark.parametrize(
    "url", [f"redis://:{HIDDEN}@host", f"redis://user:{HIDDEN}@host", "http://host", "redis://host/x", "redis://"]
)
def test_counts_are_kept_at_an_address_that_holds_no_password(url: str) -> None:
    assert refused(limits={"url": url}).startswith("limits.url must be memory://, redis://")


def test_what_belongs_to_a_server_of_counts_is_refused_without_one() -> None:
    assert (
        parsed(limits={"url": "rediss://gw@redis.example:6380/2", "ca": "ca.pem", "password": "env:P"}).limits.ca
        == "ca.pem"
    )
    assert "never a value" in refused(limits={"url": "redis://host", "password": HIDDEN})
    assert "limits.password is for" in refused(limits={"password": "env:P"})
    assert "limits.ca is for" in refused(limits={"url": "redis://host", "ca": "ca.pem"})


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"role": "nurse", "grants": [], "reviewer": "privacy"}, "must be the name of a role"),
        ({"role": "nurse", "grants": ["a b"], "reviewer": "privacy"}, "must be the name of a role"),
        ({"role": "nurse", "grants": ["clinician"], "reviewer": "clinician"}, "reviewer must be none of grants"),
        ({"role": "nurse", "grants": ["clinician"], "reviewer": "privacy", "minutes": 481}, "between 1 and 480"),
    ],
)
def test_break_glass_names_roles_a_reviewer_apart_and_minutes(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse({"break_glass": [rule]}, {}, Path())
