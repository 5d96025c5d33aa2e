"""`gateway check`: finds what serving would refuse, and says where."""

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gateway.bootstrap import config_digest
from gateway.cli.common import load_settings
from tests.agents.wire import certificates
from tests.checks.identity.certifying import Authority
from tests.cli.kit import Run, change, tree

NAMES = [
    "config",
    "server",
    "policies",
    "rules",
    "openings",
    "frameworks",
    "schemas",
    "credentials",
    "keys",
    "database",
    "active",
]
AGENT = '\n[[agent]]\nid = "ward"\nprotocol = "openai"\nurl = "{url}"\nzone = "in-house"\nconnect_timeout_s = 0.2\n'


def extend(site: Path, text: str) -> None:
    with (site / "gateway.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def states(result: Any) -> dict[str, str]:
    return {line["name"]: line["state"] for line in result["checks"]}


def test_a_new_installation_is_good_line_by_line(gateway: Run, site: Path) -> None:
    result = gateway("check")
    assert result.code == 0
    lines = result.out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in NAMES]
    assert gateway("check", "--json").data["ok"] is True
    digest = config_digest(load_settings(site / "gateway.toml"))
    assert lines[0].endswith(f"0 agents, 1 tenants, {digest}")


def line(result: Any, name: str) -> dict[str, Any]:
    (found,) = [line for line in result["checks"] if line["name"] == name]
    return dict(found)


def test_nodes_that_would_each_grant_a_whole_limit_are_told_of(gateway: Run, site: Path) -> None:
    change(site / "gateway.toml", "sqlite:///gateway.db", "postgresql://gateway@127.0.0.1:1/gateway")
    found = line(gateway("check", "--json").data, "limits")
    assert found["state"] == "skipped"
    assert "limits.url" in found["text"]


def test_the_cheapest_of_agents_without_a_price_is_refused(gateway: Run, site: Path) -> None:
    extend(site, AGENT.format(url="http://127.0.0.1:1") + 'capabilities = ["summarize"]\n')
    extend(site, '\n[[capability]]\nid = "summarize"\norder = "cheapest"\n')
    found = line(gateway("check", "--json").data, "config")
    assert found["state"] not in ("ok", "skipped")
    assert "no agent that offers it has a [[price]]" in found["text"]


def test_a_server_of_limits_that_cannot_be_asked_is_told_of(gateway: Run, site: Path) -> None:
    change(site / "gateway.toml", "\n[limits]\n", '\n[limits]\nurl = "redis://127.0.0.1:1/0"\n')
    result = gateway("check", "--json")
    assert (line(result.data, "limits")["state"], result.code) == ("unreachable", 0)


def test_a_server_of_messages_that_cannot_be_asked_is_told_of(gateway: Run, site: Path) -> None:
    file = site / "gateway.toml"
    change(file, "\n[tasks]", '\n[tasks]\nurl = "nats://127.0.0.1:1"\n#')
    result = gateway("check", "--json")
    assert (line(result.data, "tasks")["state"], result.code) == ("unreachable", 0)
    change(file, 'url = "nats://127.0.0.1:1"', 'url = "tls://127.0.0.1:1"\nca = "none.pem"')
    result = gateway("check", "--json")
    assert (line(result.data, "tasks")["state"], result.code) == ("bad", 1)


@pytest.mark.nats
def test_a_server_of_messages_is_asked(gateway: Run, site: Path, nats_server: str) -> None:
    change(site / "gateway.toml", "\n[tasks]", f'\n[tasks]\nurl = "{nats_server}"\nstream = "test-check"\n#')
    assert line(gateway("check", "--json").data, "tasks")["state"] == "ok"


def test_a_purpose_that_nothing_knows_is_told_with_the_nearest_and_is_no_error(gateway: Run, site: Path) -> None:
    extend(site, '\n[[purpose]]\nid = "TREAT"\nlegal_basis = "Art. 9(2)(h)"\n')
    result = gateway("check", "--json")
    assert (line(result.data, "purposes"), result.code) == (
        {"name": "purposes", "state": "ok", "text": "1 with a legal basis"},
        0,
    )
    extend(site, '\n[[purpose]]\nid = "TRAET"\nlegal_basis = "Art. 9(2)(h)"\n')
    result = gateway("check", "--json")
    found = line(result.data, "purposes")
    assert (found["state"], result.code) == ("ok", 0)
    assert found["text"].startswith("purpose[1].id (the nearest is TREAT): neither an HL7 PurposeOfUse code nor")
    missing_jwks(site)
    extend(site, 'purposes = ["TRAET"]\n')
    assert line(gateway("check", "--json").data, "purposes")["text"] == "2 with a legal basis"


def test_checking_changes_nothing(gateway: Run, site: Path) -> None:
    before = tree(site)
    gateway("check")
    assert tree(site) == before


def spoil_policy(site: Path) -> None:
    (site / "policies" / "policy.csv").write_text("p, 1, nonsense\n")


def empty_policy(site: Path) -> None:
    (site / "policies" / "policy.csv").write_text("# nothing\n")


def unknown_class(site: Path) -> None:
    change(site / "policies" / "policy.csv", "class:phi, zone:in-house", "class:phy, zone:in-house")


HTTP = """
[[agent]]
id = "old"
protocol = "http"
url = "http://127.0.0.1:9"
zone = "in-house"
routes = ["POST /x"]
"""


def broken_mapping(site: Path) -> None:
    text = '[[route]]\nroute = "POST /x"\nrequest = {format = "hl7", fields = {PID5 = "person"}}\n'
    (site / "policies" / "schemas" / "old.toml").write_text(text)
    extend(site, HTTP + 'mapping = "old.toml"\n')


def mapping_of_another_route(site: Path) -> None:
    text = '[[route]]\nroute = "POST /y"\nrequest = {format = "hl7"}\n'
    (site / "policies" / "schemas" / "old.toml").write_text(text)
    extend(site, HTTP + 'mapping = "old.toml"\n')


def broken_openapi(site: Path) -> None:
    (site / "policies" / "schemas" / "old.json").write_text('{"openapi": "2.0"}')
    extend(site, HTTP + 'openapi = "old.json"\n')


def broken_recognizer(site: Path) -> None:
    (site / "policies" / "recognizers" / "own.toml").write_text("[[recognizer]]\n")


def unproved_recognizer(site: Path) -> None:
    item = "type = 'x-a'\nclasses = ['pii']\npatterns = ['abc']\nmust_match = ['nothing']\n"
    (site / "policies" / "recognizers" / "own.toml").write_text(f"[[recognizer]]\n{item}")


def bad_framework(site: Path) -> None:
    file, need = site / "policies" / "frameworks" / "hipaa.toml", "any: key.created | key.rotated: detail.diff"
    change(file, f'"{need}"', '"who-it-was"')


def open_keys(site: Path) -> None:
    (site / "keys" / "kek").chmod(0o644)


def lose_database(site: Path) -> None:
    (site / "gateway.db").unlink()


def corrupt_database(site: Path) -> None:
    (site / "gateway.db").write_bytes(b"not a database " * 100)


def missing_schema(site: Path) -> None:
    extend(site, AGENT.format(url="http://127.0.0.1:1") + 'schema = "missing.json"\n')


def broken_schema(site: Path) -> None:
    (site / "policies" / "schemas" / "broken.json").write_text('{"type": "nonsense"}')
    extend(site, AGENT.format(url="http://127.0.0.1:1") + 'schema = "broken.json"\n')


def missing_secret(site: Path) -> None:
    extend(site, AGENT.format(url="http://127.0.0.1:1") + 'credential = "env:NOT_SET_ANYWHERE"\n')


def short_secret_of_a_channel(site: Path) -> None:
    (site / "short").write_text("fifteen bytes..")
    extend(site, '\n[[channel]]\nid = "desk"\nurl = "https://desk.example"\nsecret = "file:short"\n')


def missing_jwks(site: Path) -> None:
    extend(site, '\n[[issuer]]\nissuer = "i"\naudience = "a"\nalgorithms = ["ES256"]\njwks_file = "missing.json"\n')


def missing_tls(site: Path) -> None:
    change(site / "gateway.toml", '# tls_certificate = "tls/gateway.pem"', 'tls_certificate = "tls/gateway.pem"')
    change(site / "gateway.toml", '# tls_key = "tls/gateway.key"', 'tls_key = "tls/gateway.key"')


def ended_tls(site: Path) -> None:
    missing_tls(site)
    (site / "tls").mkdir()
    certificate, key = certificates(site / "tls", days=(-9, -1))
    certificate.rename(site / "tls" / "gateway.pem")
    key.rename(site / "tls" / "gateway.key")


def clients(site: Path, ends: timedelta) -> None:
    authority = Authority()
    (site / "ca.pem").write_bytes(authority.pem)
    (site / "list.crl").write_bytes(authority.revoking(ends=ends))
    header = 'client_header = "client-cert"\ntrusted_proxies = ["10.0.0.5"]\n'
    change(site / "gateway.toml", "[server]\n", f'[server]\nclient_ca = "ca.pem"\nclient_crl = ["list.crl"]\n{header}')


def stale_list(site: Path) -> None:
    clients(site, timedelta(minutes=-1))


def unknown_role(site: Path) -> None:
    clients(site, timedelta(days=1))
    extend(site, '\n[[certificate]]\nmatch = "dns:a.example"\nroles = ["nobody-knows-it"]\n')


def wrong_rate(site: Path) -> None:
    change(site / "gateway.toml", 'credential = "600/minute"', 'credential = "many"')


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (spoil_policy, "policies"),
        (empty_policy, "policies"),
        (unknown_class, "policies"),
        (broken_recognizer, "policies"),
        (unproved_recognizer, "policies"),
        (bad_framework, "policies"),
        (open_keys, "keys"),
        (lose_database, "database"),
        (corrupt_database, "database"),
        (missing_schema, "schemas"),
        (broken_schema, "schemas"),
        (broken_mapping, "schemas"),
        (mapping_of_another_route, "schemas"),
        (broken_openapi, "schemas"),
        (missing_secret, "credentials"),
        (missing_jwks, "credentials"),
        (short_secret_of_a_channel, "credentials"),
        (stale_list, "credentials"),
        (unknown_role, "credentials"),
        (missing_tls, "server"),
        (ended_tls, "server"),
        (wrong_rate, "server"),
    ],
)
def test_what_serving_would_refuse_is_bad_by_its_name(
    gateway: Run, site: Path, spoil: Callable[[Path], None], name: str
) -> None:
    spoil(site)
    result = gateway("check", "--json")
    assert result.code == 1
    assert result.err == ""
    assert result.data["ok"] is False
    assert states(result.data)[name] == "bad"


def test_a_framework_that_is_wrong_is_told_by_file_and_field_and_never_by_what_was_written(
    gateway: Run, site: Path
) -> None:
    bad_framework(site)
    result = gateway("check")
    assert result.code == 1
    (told,) = [line for line in result.out.splitlines() if line.startswith("bad")]
    assert "frameworks/hipaa.toml: provision[1].needs[2]: must be a field of the envelope" in told
    assert "who-it-was" not in result.out + result.err


def test_authorities_of_clients_with_fresh_lists_are_good(gateway: Run, site: Path) -> None:
    clients(site, timedelta(days=1))
    result = gateway("check", "--json")
    (line,) = [line for line in result.data["checks"] if line["name"] == "credentials"]
    assert (line["state"], line["text"].rpartition(", ")[2]) == ("ok", "1 authorities of clients")


def test_a_lost_signing_key_of_a_ledger_is_found(gateway: Run, site: Path) -> None:
    gateway("keys", "verifier")
    (site / "keys" / "data-keys.db").rename(site / "kept")
    for path in (site / "keys").glob("ledger-*.key"):
        path.unlink()
    (site / "kept").rename(site / "keys" / "data-keys.db")
    assert states(gateway("check", "--json").data) == {
        **dict.fromkeys(NAMES, "ok"),
        "database": "bad",
        "active": "skipped",
    }


def test_databases_without_their_own_rules_are_bad(gateway: Run, site: Path) -> None:
    with closing(sqlite3.connect(site / "gateway.db")) as connection, connection:
        connection.execute("DROP TRIGGER record_no_update")
    connection.close()
    result = gateway("check")
    assert result.code == 1
    assert "record_no_update" in result.out


def test_a_rule_on_trial_is_told_with_its_day_and_one_that_is_in_force_too(gateway: Run, site: Path) -> None:
    policy = site / "policies" / "policy.csv"
    columns = "role:clerk, class:public, zone:cloud, chat, purpose:*, always, deny"
    policy.write_text(
        policy.read_text()
        + f'p, 3, {columns}, observe:2999-12-31, trial, "It is tried."\n'
        + f'p, 4, {columns}, observe:2020-01-31, was, "It was tried."\n'
    )
    found = line(gateway("check", "--json").data, "rules")["text"]
    assert "trial is only watched up to and with 2999-12-31" in found
    assert "was is in force since the end of 2020-01-31: take its observe out" in found


def test_what_leaves_unmasked_because_somebody_answers_for_it_is_told_each_time(gateway: Run, site: Path) -> None:
    shipped = line(gateway("check", "--json").data, "openings")["text"]
    assert shipped.startswith("internal-partner lets class:internal into zone:partner (")
    assert " lets " not in shipped.partition("lets")[2], "and nothing else"
    extend(site, AGENT.format(url="http://127.0.0.1:1").replace('"in-house"', '"cloud"'))
    policy = site / "policies" / "policy.csv"
    columns = "p, 90, role:clinician, class:phi, zone:cloud, chat, purpose:TREAT, contract:baa, allow, none, raw"
    rule = f'{columns}, "As it is."\n'
    policy.write_text(policy.read_text() + rule)
    refused = gateway("check", "--json")
    assert (refused.code, line(refused.data, "openings")["state"]) == (1, "skipped")
    assert "a line `o, raw, class:phi, <why>` says so" in line(refused.data, "policies")["text"]
    policy.write_text(policy.read_text() + 'o, raw, class:phi, "The board agreed on 2 March."\n')
    found = line(gateway("check", "--json").data, "openings")
    assert found["state"] == "ok"
    assert "raw lets class:phi into" in found["text"]
    assert "The board agreed on 2 March." in found["text"]


def test_personal_data_to_a_zone_that_is_not_trusted_are_refused_until_somebody_answers_for_them(
    gateway: Run, site: Path
) -> None:
    """However the way is opened: by a rule of its own, or by putting the zone into the house."""
    policy = site / "policies" / "policy.csv"
    shipped = policy.read_text()
    columns = "p, 399, role:user, class:pii, zone:cloud, chat, purpose:*, always, allow, none, raw-pii"
    policy.write_text(f'{shipped}{columns}, "As it is."\n')
    refused = line(gateway("check", "--json").data, "policies")
    assert (refused["state"], "a line `o, raw-pii, class:pii, <why>` says so" in refused["text"]) == ("bad", True)
    policy.write_text(f'{shipped}{columns}, "As it is."\no, raw-pii, class:pii, "The board agreed."\n')
    assert "raw-pii lets class:pii into zone:cloud" in line(gateway("check", "--json").data, "openings")["text"]
    policy.write_text(f"{shipped}g3, zone:cloud, zone:in-house\n")
    told = line(gateway("check", "--json").data, "openings")["text"]
    assert "zone:cloud is not trusted and stands within zone:in-house, which is" in told


def test_where_nothing_but_public_data_leaves_as_it_is_that_is_said(gateway: Run, site: Path) -> None:
    policy = site / "policies" / "policy.csv"
    lines = policy.read_text().splitlines(keepends=True)
    policy.write_text("".join(one for one in lines if "internal-partner" not in one))
    assert line(gateway("check", "--json").data, "openings")["text"].startswith("none: nothing but public data")


def test_without_a_configuration_everything_else_is_skipped(gateway: Run, empty: Path) -> None:
    (empty / "gateway.toml").write_text("[serverr]\n")
    result = gateway("check", "--json")
    assert result.code == 1
    assert states(result.data) == {**dict.fromkeys(NAMES, "skipped"), "config": "bad"}
    assert "nearest known one is server" in result.data["checks"][0]["text"]


def test_an_agent_that_listens_is_told_so(gateway: Run, site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as agent:
        extend(site, AGENT.format(url=f"http://127.0.0.1:{agent.getsockname()[1]}/v1"))
        result = gateway("check", "--json")
    assert result.code == 0
    assert states(result.data)["agent ward"] == "ok"


def test_an_agent_that_fetches_its_requests_is_asked_nothing(gateway: Run, site: Path) -> None:
    pulls = (
        '\n[[agent]]\nid = "ward"\nprotocol = "openai"\nzone = "in-house"\npull = true\ncallers = ["default/ward"]\n'
    )
    extend(site, pulls)
    result = gateway("check", "--json")
    assert (result.code, states(result.data)["agent ward"]) == (0, "ok")


def test_a_callback_that_could_not_be_signed_is_bad(gateway: Run, site: Path) -> None:
    secret = 'secret = "env:NOT_SET_ANYWHERE"'
    extend(site, f'\n[[callback]]\nid = "billing"\nurl = "https://a.example"\nzone = "in-house"\n{secret}\n')
    result = gateway("check", "--json")
    assert (result.code, states(result.data)["credentials"]) == (1, "bad")


def test_all_that_is_wrong_with_credentials_is_told_with_the_agents_that_it_is_about(gateway: Run, site: Path) -> None:
    missing_secret(site)
    agent = AGENT.format(url="http://127.0.0.1:1").replace('"ward"', '"lab"')
    (site / "short").write_text("short")
    extend(site, agent + 'credential = "file:short"\n')
    extend(site, AGENT.format(url="https://127.0.0.1:1").replace('"ward"', '"sky"') + 'ca = "missing.pem"\n')
    unknown_role(site)
    told = line(gateway("check", "--json").data, "credentials")
    assert told["state"] == "bad"
    ward, lab, sky, certificate = told["text"].split("; ")
    assert ward == "agent ward: credential: the environment variable NOT_SET_ANYWHERE is empty or not set"
    assert lab.startswith("agent lab: credential must")
    assert sky == "the ca file of agent sky cannot be read"
    assert certificate.startswith("certificate[0].roles must")


def test_a_table_that_is_named_by_its_number_is_named_by_its_id_too(gateway: Run, site: Path) -> None:
    missing_schema(site)
    assert line(gateway("check", "--json").data, "schemas")["text"].endswith(" (agent ward)")
    extend(site, AGENT.format(url="http://127.0.0.1:1").replace('"ward"', '"lab"') + "timeout_s = 0\n")
    told = line(gateway("check", "--json").data, "config")["text"]
    assert (told[:8], told.endswith(" (agent lab)")) == ("agent[1]", True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://nowhere.invalid"])
def test_an_agent_that_does_not_answer_is_a_warning(gateway: Run, site: Path, url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can
        extend(site, AGENT.format(url=url.format(port=taken.getsockname()[1])))
        result = gateway("check", "--json")
    assert result.code == 0
    assert states(result.data)["agent ward"] == "unreachable"


@pytest.mark.parametrize("more", ["", 'health = "/up"\n'])
@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://169.254.169.254", "[]"),
        ("http://[::ffff:169.254.169.254]", "[]"),
        ("http://0.0.0.0:9", "[]"),
        ("http://localhost:9", '["10.0.0.0/8"]'),
    ],
)
def test_an_agent_that_would_never_be_connected_to_is_bad(
    gateway: Run, site: Path, url: str, addresses: str, more: str
) -> None:
    extend(site, AGENT.format(url=url) + f"addresses = {addresses}\n{more}")
    result = gateway("check", "--json")
    assert result.code == 1
    assert states(result.data) == {**dict.fromkeys(NAMES, "ok"), "agent ward": "bad"}
    assert "no agent may have" in result.data["checks"][-1]["text"]


def test_an_address_that_cannot_be_one_is_bad(gateway: Run, site: Path) -> None:
    extend(site, AGENT.format(url="http://127.0.0.1:99999"))
    result = gateway("check", "--json")
    assert result.code == 1
    assert states(result.data)["agent ward"] == "unreachable"


class Up(BaseHTTPRequestHandler):
    """Says that it is well at one path, and refuses all else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/v1/up" else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *given: object) -> None:
        """Nothing is told."""


@pytest.mark.parametrize(("path", "state"), [("/up", "ok"), ("/elsewhere", "unreachable")])
def test_an_agent_with_a_health_check_is_asked_by_it(gateway: Run, site: Path, path: str, state: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Up) as agent:
        serving = Thread(target=agent.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        serving.start()
        extend(site, AGENT.format(url=f"http://127.0.0.1:{agent.server_port}/v1") + f'health = "{path}"\n')
        result = gateway("check", "--json")
        agent.shutdown()
        serving.join()
    assert result.code == 0
    assert states(result.data)["agent ward"] == state


class Keys(BaseHTTPRequestHandler):
    """An issuer's key set."""

    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


ISSUER = '\n[[issuer]]\nissuer = "i"\naudience = "a"\nalgorithms = ["ES256"]\njwks_url = "{url}"\n'
KEY = b'{"keys": [{"kty": "EC", "kid": "e", "crv": "P-256", "x": "%s", "y": "%s"}]}' % (b"A" * 43, b"B" * 42 + b"A")


@pytest.mark.parametrize(("body", "state", "code"), [(KEY, "ok", 0), (b'{"keys": []}', "bad", 1), (b"no", "bad", 1)])
def test_an_issuer_is_asked_for_its_keys(
    gateway: Run, site: Path, monkeypatch: pytest.MonkeyPatch, body: bytes, state: str, code: int
) -> None:
    monkeypatch.setattr(Keys, "body", body)
    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as issuer:
        serving = Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        serving.start()
        extend(site, ISSUER.format(url=f"http://127.0.0.1:{issuer.server_port}/keys"))
        result = gateway("check", "--json")
        issuer.shutdown()
        serving.join()
    assert (states(result.data)["issuer[0]"], result.code) == (state, code)


@pytest.mark.parametrize(("host", "state"), [("127.0.0.1:1", "unreachable"), ("127.0.0.1:1/%zz/..", "unreachable")])
def test_an_issuer_that_is_not_there_is_told_and_is_no_error(gateway: Run, site: Path, host: str, state: str) -> None:
    extend(site, ISSUER.format(url=f"http://{host}"))
    result = gateway("check", "--json")
    assert (states(result.data)["issuer[0]"], result.code) == (state, 0)


def test_an_authority_that_cannot_be_read_is_told_where_an_agent_is_asked(gateway: Run, site: Path) -> None:
    extend(site, AGENT.format(url="https://127.0.0.1:1") + 'health = "/up"\nca = "nowhere.pem"\n')
    result = gateway("check", "--json")
    assert states(result.data)["agent ward"] == "unreachable"
    assert "the ca file of agent ward cannot be read" in result.out


def test_all_issuers_that_cannot_be_taken_are_told(gateway: Run, site: Path) -> None:
    (site / "broken.json").write_text('{"keys": [')
    for name, keys in (("a", "missing.json"), ("b", "broken.json"), ("c", "gone.json")):
        issuer = f'issuer = "{name}"\naudience = "a"\nalgorithms = ["ES256"]\njwks_file = "{keys}"\n'
        extend(site, f"\n[[issuer]]\n{issuer}")
    told = gateway("check", "--json")
    text = line(told.data, "credentials")["text"]
    assert all(f"issuer[{place}].jwks_file" in text for place in range(3)), text
    assert told.code == 1


def test_all_issuers_whose_settings_are_wrong_are_told(gateway: Run, site: Path) -> None:
    extend(site, '\n[[issuer]]\nissuer = "a"\naudience = "a"\nalgorithms = []\njwks_file = "k.json"\n')
    extend(site, '\n[[issuer]]\nissuer = "b"\naudience = "a"\nalgorithms = ["ES256"]\n')
    told = gateway("check", "--json")
    text = line(told.data, "config")["text"]
    assert ("issuer[0].algorithms" in text, "issuer[1] needs one of" in text) == (True, True), text
