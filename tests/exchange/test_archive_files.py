"""Files of archives come to be whole or not at all."""

from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, VerificationError
from gateway.exchange.archive_files import create, rename, sync, verified
from tests.store.archive_kit import SIGNER


def test_a_file_is_its_owners_alone_replaces_what_was_half_written_and_gets_its_name_when_whole(
    tmp_path: Path,
) -> None:
    new, path = tmp_path / "a" / "b" / "one.new", tmp_path / "a" / "b" / "one.archive"
    for content in (b"half of somethi", b"whole"):
        with create(new) as file:
            file.write(content)
            sync(file)
    assert (new.stat().st_mode & 0o777, new.read_bytes()) == (0o600, b"whole")
    rename(new, path)
    assert (path.read_bytes(), new.exists()) == (b"whole", False)
    with pytest.raises(VerificationError, match="no archive"):
        verified(path, SIGNER.verifier)


def test_a_place_that_cannot_be_written_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"emergency\.files"):
        create(tmp_path / "file" / "one.new", "emergency.files")
