"""What runs, and under which settings, has a digest that tells it apart."""

from pathlib import Path

import msgspec

from gateway.bootstrap import build_digest, config_digest
from gateway.settings import parse


def test_digests_tell_settings_apart_wherever_they_lie_and_code_is_the_same_each_time(tmp_path: Path) -> None:
    one, moved = parse({}, {}, tmp_path), parse({}, {}, tmp_path / "elsewhere")
    changed = parse({"server": {"port": 1}}, {}, tmp_path)
    assert config_digest(one) == config_digest(moved) != config_digest(changed)
    assert config_digest(msgspec.structs.replace(one)) == config_digest(one)
    assert build_digest() == build_digest()
    assert len(build_digest()) == 71
