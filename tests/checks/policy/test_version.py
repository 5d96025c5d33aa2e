"""Policy sets, their digest and their stored form."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy.version import diff, from_bytes, policy_set, to_bytes
from gateway.core.errors import ConfigurationError, FormatError

from .making import ENGINE, configured, document, files, rule


def test_the_same_files_and_settings_make_the_same_digest_in_any_order() -> None:
    given_files = files(rule()) | {"schemas/a.json": b"{}", "recognizers/b.toml": b"x = 1\n"}
    one = policy_set(given_files, configured(), ENGINE)
    other = policy_set(dict(reversed(given_files.items())), configured(), ENGINE)
    assert one.digest == other.digest
    assert one.digest.startswith("sha256:")
    assert len(one.digest) == 71
    assert list(one.members) == ["model.conf", "policy.csv", "recognizers/b.toml", "schemas/a.json", "structure.json"]


def test_line_ends_of_another_system_are_the_same_version() -> None:
    unix = files(rule())
    dos = {name: data.replace(b"\n", b"\r\n") for name, data in unix.items()}
    assert policy_set(unix, configured(), ENGINE).digest == policy_set(dos, configured(), ENGINE).digest


def test_every_member_setting_and_the_engine_count() -> None:
    base = policy_set(files(rule()), configured(), ENGINE).digest
    agents = document()["agent"]
    agents[2]["url"] = "https://elsewhere"
    others = [
        policy_set(files(rule("other")), configured(), ENGINE),
        policy_set(files(rule()) | {"schemas/a.json": b"{}"}, configured(), ENGINE),
        policy_set(files(rule()), configured(agent=agents), ENGINE),
        policy_set(files(rule()), configured(server={"trusted_proxies": ["10.0.0.1"]}), ENGINE),
        policy_set(files(rule()), configured(tenant=[{"id": "default", "retention_days": 1}]), ENGINE),
        policy_set(files(rule()), configured(), "another engine"),
    ]
    assert len({base, *(other.digest for other in others)}) == len(others) + 1


def test_callbacks_are_part_of_the_version_and_no_secret_of_theirs() -> None:
    callback = {"id": "done", "url": "https://a.example", "secret": "env:S", "zone": "in-house"}
    without, version = (policy_set(files(rule()), configured(callback=some), ENGINE) for some in ([], [callback]))
    assert version.digest != without.digest
    assert b"env:S" not in version.members["structure.json"]
    assert diff(without, version) == ("callback done added",)


def test_what_decides_nothing_does_not_count() -> None:
    base = policy_set(files(rule()), configured(), ENGINE)
    more = {"README.md": b"x", "schemas/README.md": b"x", "tests/a.toml": b"x", ".swp": b"x", "profiles/p.csv": b"x"}
    assert policy_set(files(rule()) | more, configured(), ENGINE) == base
    assert policy_set(files(rule()), configured(server={"port": 1}), ENGINE) == base


def test_only_the_chosen_profile_is_a_member() -> None:
    profiles = {"profiles/one.csv": b"# one\n", "profiles/two.csv": b"# two\n"}
    chosen = policy_set(files(rule()) | profiles, configured(policy={"profile": "two"}), ENGINE)
    assert chosen.members["profile.csv"] == b"# two\n"
    with pytest.raises(ConfigurationError, match=r"policy\.profile names no file in profiles/; there are: one, two"):
        policy_set(files(rule()) | profiles, configured(policy={"profile": "three"}), ENGINE)


@pytest.mark.parametrize(
    "path", ["policy.csv.bak", "policy2.csv", "rules/policy.csv", "profiles/A.csv", "schemas/../x", "schemas/a b.json"]
)
def test_a_stray_file_is_refused_because_someone_thinks_that_it_counts(path: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"no part of a policy \({re.escape(path)}\): only"):
        policy_set(files(rule()) | {path: b""}, configured(), ENGINE)


def test_a_name_that_shows_otherwise_than_it_is_written_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="no part of a policy: only"):
        policy_set(files(rule()) | {"a\x1b[2Jb.csv": b""}, configured(), ENGINE)


@pytest.mark.parametrize("name", ["model.conf", "policy.csv"])
def test_a_missing_file_is_refused_by_name(name: str) -> None:
    given_files = files(rule())
    del given_files[name]
    with pytest.raises(ConfigurationError, match=name):
        policy_set(given_files, configured(), ENGINE)


def test_a_set_survives_its_stored_form() -> None:
    base = policy_set(files(rule()) | {"schemas/a.json": b"\x00\xff"}, configured(), ENGINE)
    assert from_bytes(to_bytes(base)) == base


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"members":{},"v":2}',
        b'{"members":{"a":"!"},"v":1}',
        b'{"members":{"a":"QQ"},"v":1}',
        b'{"members":{"a":"QR=="},"v":1}',
        b'{"members":{"a":1},"v":1}',
        b'{"members":{},"v":1,"w":1}',
        b'{"v":1,"members":{}}',
        b' {"members":{},"v":1}',
    ],
)
def test_other_bytes_are_no_policy_set(data: bytes) -> None:
    with pytest.raises(FormatError):
        from_bytes(data)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 2000), byte=st.integers(0, 255))
def test_one_changed_byte_is_refused_or_makes_another_digest(place: int, byte: int) -> None:
    base = policy_set(files(rule()), configured(), ENGINE)
    data = bytearray(to_bytes(base))
    data[place % len(data)] = byte
    try:
        read = from_bytes(bytes(data))
    except FormatError:
        return
    assert (read.digest == base.digest) is (bytes(data) == to_bytes(base))
