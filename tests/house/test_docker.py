"""Container files: small, not root, without secrets, and about the files and settings that there are."""

import ast
import fnmatch
import json
import re
import shlex
from typing import Any

import pytest
import yaml

from gateway import __version__
from gateway.settings import parse
from tests.house.tree import ROOT

_DOCKER = ROOT / "docker"
_PINNED = re.compile(r"[a-z0-9./-]+:\d[\w.-]*")
_NAMES_A_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL", re.IGNORECASE)
_MUST_BE_SET = re.compile(r"\$\{([A-Z_]+):\?[^}]+\}")
_COMPOSE: dict[str, Any] = yaml.safe_load((_DOCKER / "compose.yaml").read_text("utf-8"))
_OURS = ("migrate", "gateway")


def _instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined, comments gone."""
    lines = [line for line in (_DOCKER / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def _last_stage() -> list[tuple[str, str]]:
    found = _instructions()
    return found[max(index for index, (word, _) in enumerate(found) if word == "FROM") :]


def _values(instruction: str) -> list[str]:
    return [rest for word, rest in _last_stage() if word == instruction]


def _environment(service: str) -> dict[str, str]:
    found: dict[str, str] = _COMPOSE["services"][service]["environment"]
    return found


def test_every_stage_stands_on_a_pinned_image_and_has_a_name() -> None:
    for word, rest in _instructions():
        if word == "FROM":
            image, as_, stage = rest.split()
            assert _PINNED.fullmatch(image)
            assert as_ == "AS"
            assert stage


def test_it_does_not_run_as_root() -> None:
    (user,) = _values("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    words = [word for word, _ in _last_stage()]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :]


def test_what_it_runs_is_a_list_of_words_so_that_no_shell_swallows_signals() -> None:
    for word in ("ENTRYPOINT", "CMD", "VOLUME"):
        (rest,) = _values(word)
        assert all(isinstance(item, str) for item in json.loads(rest))


def test_every_file_that_it_copies_is_there_and_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    for word, rest in _instructions():
        assert word != "ADD"
        if word != "COPY" or "--from=" in rest:
            continue
        *places, _ = [part for part in rest.split() if not part.startswith("--")]
        for place in places:
            assert (ROOT / place).exists(), place
            assert any(place == line or place.startswith(f"{line}/") for line in let_in), place


def test_no_secret_and_nothing_unneeded_reaches_the_build() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    made = ("demo-data", "demo-run", "docker/.env", "keys", "gateway.toml", "gateway.db")
    for private in (".git", ".venv", "tests", *made):
        assert not any(fnmatch.fnmatch(private, line) for line in let_in)


def test_packages_are_held_to_their_hashes_in_the_image_too() -> None:
    installs = [json.loads(rest) for word, rest in _instructions() if word == "RUN" and '"install"' in rest]
    assert len(installs) == 2
    for words in installs:
        assert {"--require-hashes", "--only-binary"} <= set(words) or {"--no-deps", "--no-index"} <= set(words)


def test_no_instruction_holds_a_secret() -> None:
    for word, rest in _instructions():
        if word in ("ENV", "ARG"):
            assert not _NAMES_A_SECRET.search(rest)


def test_the_settings_that_the_image_gives_are_settings() -> None:
    given = dict(item.split("=", 1) for rest in _values("ENV") for item in shlex.split(rest))
    settings = parse({}, given, ROOT)
    assert settings.server.host == "0.0.0.0"  # noqa: S104 — inside a container that is its own interface
    assert _values("EXPOSE") == [str(settings.server.port)]
    assert given["GATEWAY_CONFIG"].startswith(json.loads(_values("VOLUME")[0])[0])


def test_the_health_check_is_a_program_that_compiles() -> None:
    (rest,) = _values("HEALTHCHECK")
    python, option, program = json.loads(rest[rest.index("CMD") + 4 :])
    assert (python, option) == ("python", "-c")
    assert "/healthz" in program
    ast.parse(program)


def test_compose_takes_secrets_from_outside_and_stops_without_them() -> None:
    for service in _COMPOSE["services"]:
        for name, value in _environment(service).items():
            if _NAMES_A_SECRET.search(name):
                assert _MUST_BE_SET.fullmatch(value), f"{service}: {name}"
            else:
                assert not re.search(r"://[^/@]*:[^/@]*@", value), f"{service}: {name} holds a password"


def test_the_example_names_every_value_that_compose_asks_for_and_gives_none() -> None:
    example = (_DOCKER / ".env.example").read_text("utf-8")
    named = dict(line.split("=", 1) for line in example.splitlines() if line and not line.startswith("#"))
    asked = set(re.findall(r"\$\{([A-Z_]+)", (_DOCKER / "compose.yaml").read_text("utf-8")))
    assert set(named) == asked
    assert not any(named.values())
    assert "docker/.env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_only_what_migrates_has_the_owners_password() -> None:
    holders = {
        service
        for service in _COMPOSE["services"]
        for value in _environment(service).values()
        if "OWNER_PASSWORD" in value or "gateway_owner" in value
    }
    assert holders == {"database", "migrate"}


@pytest.mark.parametrize("service", _OURS)
def test_a_container_of_ours_can_do_as_little_as_possible(service: str) -> None:
    found = _COMPOSE["services"][service]
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "user", "pid", "network_mode"} & set(found)


@pytest.mark.parametrize("service", _OURS)
def test_the_settings_that_compose_gives_are_settings(service: str) -> None:
    found = parse({}, _environment(service), ROOT)
    assert found.database.url.startswith("postgresql://gateway_app@database")


def test_images_are_pinned_and_ours_is_of_this_version() -> None:
    for service, found in _COMPOSE["services"].items():
        assert _PINNED.fullmatch(found["image"])
        if service in _OURS:
            assert found["image"].endswith(f":{__version__}")
            assert (_DOCKER / found["build"]["context"] / found["build"]["dockerfile"]).exists()


def test_traffic_starts_only_on_a_migrated_database() -> None:
    waits = _COMPOSE["services"]["gateway"]["depends_on"]
    assert waits["migrate"]["condition"] == "service_completed_successfully"
    assert waits["database"]["condition"] == "service_healthy"
    assert "healthcheck" in _COMPOSE["services"]["database"]


def test_nothing_is_published_beyond_this_machine_and_the_database_not_at_all() -> None:
    assert "ports" not in _COMPOSE["services"]["database"]
    assert _COMPOSE["networks"]["inside"]["internal"] is True
    assert _COMPOSE["services"]["database"]["networks"] == ["inside"]
    assert all(port.startswith("127.0.0.1:") for port in _COMPOSE["services"]["gateway"]["ports"])


def test_every_volume_and_network_is_declared_and_every_mounted_file_is_there() -> None:
    for service in _COMPOSE["services"].values():
        assert set(service["networks"]) <= set(_COMPOSE["networks"])
        for mount in service["volumes"]:
            place = mount.partition(":")[0]
            assert (_DOCKER / place).exists() if place.startswith(".") else place in _COMPOSE["volumes"]
