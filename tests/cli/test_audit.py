"""`gateway audit`: what it finds, that looking is on record, and proofs that hold without the gateway."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.ledger import proof as proofs
from gateway.ledger.checkpoint import parse as parse_checkpoint
from gateway.ledger.encoding import from_base64
from gateway.ledger.merkle import root, verify_consistency
from gateway.ledger.note import Verifier
from gateway.ledger.record import DecisionInfo
from tests.cli.kit import Run, process
from tests.cli.tampering import tamper
from tests.store.kit import entry


def test_a_search_finds_records_the_newest_first(gateway: Run, used: Path) -> None:
    result = gateway("audit", "query")
    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0].split()[:3] == ["seq", "occurred_at", "event"]
    assert [line.split()[0] for line in lines[1:]] == ["2", "1", "0"]
    assert all("key.created" in line for line in lines[1:])


def test_the_list_says_who_did_it_under_a_head_and_stays_narrow(gateway: Run, used: Path) -> None:
    (actor,) = {one["record"]["actor"] for one in gateway("audit", "query", "--json").data["records"]}
    for options in ((), ("--all",)):
        head, *lines = gateway("audit", "query", "--event", "key.created", *options).out.splitlines()
        place = head.index("actor")
        assert [line[place : place + len(actor)] for line in lines] == [actor] * 3
        assert max(map(len, lines)) < 130
    assert gateway("audit", "query", "--actor", actor, "--event", "key.created", "--json").data["records"]


def test_records_as_data_have_their_bytes_hash_and_detail(gateway: Run, used: Path) -> None:
    data = gateway("audit", "query", "--order", "asc", "--json").data
    assert data["cursor"] is None
    first = data["records"][0]
    assert set(first) == {"seq", "record", "detail", "bytes", "hash", "emergency", "differs"}
    assert json.loads(first["bytes"]) == first["record"]
    assert "owner alice" in first["detail"]["diff"]


def test_each_search_is_itself_on_record_with_its_filters(gateway: Run, used: Path) -> None:
    gateway("audit", "query", "--event", "key.created", "--agent", "ward")
    (read,) = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert read["detail"]["query"] == {"event": "key.created", "agent": "ward"}
    assert read["record"]["actor"].startswith("ac_")
    assert read["detail"]["method"] == "command-line"


def test_pages_follow_each_other_by_the_cursor(gateway: Run, used: Path) -> None:
    filters = ("--event", "key.created", "--limit", "2")
    first = gateway("audit", "query", *filters, "--json").data
    rest = gateway("audit", "query", *filters, "--cursor", first["cursor"], "--json").data
    assert [record["seq"] for record in first["records"] + rest["records"]] == [2, 1, 0]
    assert rest["cursor"] is None
    assert "more with --cursor" in gateway("audit", "query", *filters).out


def test_everything_comes_one_a_line(gateway: Run, used: Path) -> None:
    result = gateway("audit", "query", "--all", "--order", "asc", "--event", "key.created", "--json")
    assert [json.loads(line)["seq"] for line in result.out.splitlines()] == [0, 1, 2]
    head, *lines = gateway("audit", "query", "--all", "--event", "key.created").out.splitlines()
    assert (head.split()[0], len(lines)) == ("seq", 3)


def test_rows_come_as_csv_and_as_ndjson_a_page_or_all_of_them(gateway: Run, used: Path) -> None:
    asked = ("audit", "query", "--order", "asc", "--event", "key.created")
    for more in (("--limit", "2"), ("--all",)):
        head, first, *_ = list(csv.reader(io.StringIO(gateway(*asked, *more, "--format", "csv").out)))
        assert (head[:3], head[-2:]) == (["seq", "id", "event"], ["emergency", "differs"])
        assert first[:3:2] == ["0", "key.created"]
        lines = gateway(*asked, *more, "--format", "ndjson").out.splitlines()
        assert [json.loads(line)["seq"] for line in lines] == [0, 1, 2][: len(lines)]
        assert (len(first[-3]), len(lines)) == (64, 2 if more[0] == "--limit" else 3)
    page = gateway(*asked, "--limit", "2", "--format", "csv")
    assert ("--cursor" in page.out, "--cursor" in page.err) == (False, True)
    assert gateway(*asked, "--format", "json").data["cursor"] is None


@pytest.mark.parametrize(
    "options",
    [
        ("--limit", "0"),
        ("--format", "csv", "--json"),
        ("--format", "xlsx"),
        ("--limit", "1001"),
        ("--cursor", "nonsense"),
        ("--all", "--cursor", "x"),
        ("--subject", "Jane"),
    ],
)
def test_a_wrong_question_is_exit_code_two_and_not_on_record(
    gateway: Run, used: Path, options: tuple[str, ...]
) -> None:
    result = gateway("audit", "query", *options)
    assert (result.code, result.out) == (2, "")
    assert gateway("audit", "query", "--event", "audit.read", "--json").data["records"] == []


def test_a_person_is_searched_for_without_being_on_the_command_line(gateway: Run, used: Path) -> None:
    result = process(used, "audit", "query", "--subject", "-", "--json", said="MRN 4481920\n")
    assert result.code == 0
    assert result.data["records"] == []
    (read,) = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert "4481920" not in json.dumps(read)
    assert read["detail"]["query"]["subject"].startswith("su_")


def test_the_operators_own_ledger_can_be_read(gateway: Run, used: Path) -> None:
    result = gateway("audit", "query", "--tenant", "_system", "--json")
    assert result.data == {"records": [], "cursor": None, "archives": [], "emergencies": []}


def test_a_ledger_that_holds_is_verified_and_that_is_on_record(gateway: Run, used: Path) -> None:
    result = gateway("audit", "verify")
    assert result.code == 0
    assert result.out.splitlines()[-1] == "VERIFIED"
    assert "records that no checkpoint covers: 3" in result.out
    (record,) = gateway("audit", "query", "--event", "audit.verified", "--json").data["records"]
    assert record["record"]["outcome"]["code"] == "ok"


def test_what_nobody_activated_and_was_decided_by_is_told_and_is_no_success(gateway: Run, used: Path) -> None:
    """Chain, tree and columns hold: the record says what happened."""

    async def decided() -> None:
        async with open_site(load_settings(used / "gateway.toml")) as site:
            writer = await site.writer("default")
            decision = DecisionInfo(effect="allow", rules=(), obligations=(), policy="sha256:" + "2e" * 32)
            await writer.append(entry("exchange.denied", ledger=writer.tenant, decision=decision))

    asyncio.run(decided())
    result = gateway("audit", "verify")
    assert (result.code, result.out.splitlines()[-1]) == (1, "NOT VERIFIED")
    assert "policy: by the ledger the policy that these records name was not in force: 3" in result.out
    (record,) = gateway("audit", "query", "--event", "audit.verified", "--json").data["records"]
    assert record["record"]["outcome"]["code"] == "verification_failed"
    assert "was not in force" in record["detail"]["reason"]
    data = gateway("audit", "verify", "--json").data
    assert (data["ok"], data["failure"], data["unactivated"], data["unseen"]) == (False, None, [3], [])


def test_a_changed_record_is_found_and_named(gateway: Run, used: Path) -> None:
    tamper(used / "gateway.db", "UPDATE record SET agent = 'ward' WHERE seq = 1", restore=True)
    result = gateway("audit", "verify")
    assert result.code == 1
    assert result.out.splitlines()[-1].startswith("BROKEN       record 1: index")


@pytest.mark.parametrize("change", ["bytes || ' '", "replace(bytes, 'key', 'kez')", "7", "x'00'", "zeroblob(70000)"])
def test_a_record_whose_bytes_are_others_is_found_whatever_was_put_there(gateway: Run, used: Path, change: str) -> None:
    tamper(used / "gateway.db", f"UPDATE record SET bytes = {change} WHERE seq = 1", restore=True)
    result = gateway("audit", "verify", "--json")
    assert result.code == 1
    assert result.data["failure"].startswith("record 1: ")


def test_newest_records_that_are_gone_are_found_by_a_checkpoint_kept_elsewhere(gateway: Run, used: Path) -> None:
    assert gateway("audit", "prove", "2", "--out", "kept.tlog-proof").code == 0
    note = proofs.parse((used / "kept.tlog-proof").read_bytes()).checkpoint
    (used / "kept.checkpoint").write_bytes(note)
    assert gateway("audit", "verify", "--checkpoint", "kept.checkpoint").code == 0
    tamper(
        used / "gateway.db",
        "DELETE FROM record WHERE seq >= 2",
        "DELETE FROM checkpoint",
        "UPDATE head SET size = 2, hash = (SELECT hash FROM record WHERE seq = 1) WHERE size > 2",
        restore=True,
    )
    cut = gateway("audit", "verify", "--checkpoint", "kept.checkpoint")
    assert cut.code == 1
    assert "a checkpoint covers records that are not there" in cut.out


@pytest.mark.parametrize("note", [b"", b"nonsense\n", b"a\n1\nAAAA\n\n\xe2\x80\x94 a AAAA\n"])
def test_a_checkpoint_that_is_none_is_not_taken_for_one(gateway: Run, used: Path, note: bytes) -> None:
    (used / "given").write_bytes(note)
    assert gateway("audit", "verify", "--checkpoint", "given").code == 1
    assert gateway("audit", "verify", "--checkpoint", "missing").code == 2


def test_a_proof_holds_without_the_gateway(gateway: Run, used: Path) -> None:
    result = gateway("audit", "prove", "1", "--out", "1.tlog-proof", "--record", "1.json")
    assert result.code == 0
    verifier = Verifier.parse(gateway("keys", "verifier").out.strip())
    record = (used / "1.json").read_bytes()
    proof = proofs.parse((used / "1.tlog-proof").read_bytes())
    assert proof.index == json.loads(record)["seq"] == 1
    assert proofs.verify(record, proof, verifier).size >= 2


def test_a_proof_without_a_file_is_printed(gateway: Run, used: Path) -> None:
    printed = gateway("audit", "prove", "0").out
    assert proofs.parse(printed.encode()).index == 0
    data = gateway("audit", "prove", "0", "--json").data
    assert (data["seq"], data["proof"]) == (0, printed)
    alone = gateway("audit", "prove", "0", "--record", "0.json")
    assert proofs.parse(alone.out.encode()).index == 0
    assert "wrote 0.json" in alone.err


@pytest.mark.parametrize(("seq", "code"), [("99", 1), (str(2**53), 1), (str(10**40), 1), ("-1", 2), ("one", 2)])
def test_a_record_that_is_not_there_has_no_proof(gateway: Run, used: Path, seq: str, code: int) -> None:
    assert gateway("audit", "prove", "--out", "proof", "--", seq).code == code
    assert not (used / "proof").exists()


def test_one_tree_is_proven_to_extend_an_earlier_one(gateway: Run, used: Path) -> None:
    early = gateway("audit", "consistency", "1")
    assert (early.code, early.out) == (1, "")
    assert "ask again" in early.err
    assert gateway("audit", "prove", "2", "--out", "2.tlog-proof").code == 0
    newest = parse_checkpoint(
        proofs.parse((used / "2.tlog-proof").read_bytes()).checkpoint.decode().partition("\n\n")[0] + "\n"
    )
    data = gateway("audit", "consistency", "2", "--json").data
    assert (data["first"], data["second"]) == (2, newest.size)
    records = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    leaves = [bytes.fromhex(record["hash"]) for record in records]
    path = [from_base64(item) for item in data["path"]]
    verify_consistency(2, newest.size, path, root(leaves[:2]), newest.root)
    assert data["checkpoint"].encode() == proofs.parse((used / "2.tlog-proof").read_bytes()).checkpoint
    text = gateway("audit", "consistency", "2", str(newest.size)).out.splitlines()
    assert text == ["old 2", f"new {newest.size}", *data["path"]]


@pytest.mark.parametrize(
    ("sizes", "code"), [(("0",), 2), (("2", "1"), 2), (("1", "99"), 1), (("--", "-1"), 2), (("x",), 2)]
)
def test_sizes_that_no_tree_has_are_refused(gateway: Run, used: Path, sizes: tuple[str, ...], code: int) -> None:
    assert gateway("audit", "prove", "0", "--out", "proof").code == 0
    assert gateway("audit", "consistency", *sizes).code == code


def test_what_comes_on_record_is_followed_from_a_number_and_that_is_on_record(gateway: Run, used: Path) -> None:
    followed = gateway("audit", "tail", "--after", "0", "--limit", "2", "--event", "key.created")
    assert [line.split()[0] for line in followed.out.splitlines()] == ["seq", "1", "2"]
    (read,) = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert read["detail"]["query"] == {"event": "key.created", "tail": "0"}


@pytest.mark.parametrize(("option", "value"), [("--after", "-1"), ("--limit", "0")])
def test_a_number_that_none_can_have_is_not_followed(gateway: Run, used: Path, option: str, value: str) -> None:
    assert gateway("audit", "tail", option, value).code == 2
