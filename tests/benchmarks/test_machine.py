"""What a figure was measured on is told with it."""

from pathlib import Path

from benchmarks import machine


def test_it_names_processor_versions_and_file_system(tmp_path: Path) -> None:
    described = machine.describe(tmp_path, "15.1 (fsync=on)")
    assert described["cores"] == machine.cores()
    told = "\n".join(machine.lines(described))
    assert "PostgreSQL 15.1 (fsync=on)" in told
    assert str(described["cpu"]) in told
    assert "uvicorn " in told
    typical, slowest = machine.sync_ms(tmp_path, times=3)
    assert 0 < typical <= slowest
    assert "32 KB are synced in" in told


def test_without_postgresql_it_says_so(tmp_path: Path) -> None:
    assert "PostgreSQL not at hand" in "\n".join(machine.lines(machine.describe(tmp_path)))


def test_the_file_system_is_that_of_the_deepest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    inner = tmp_path / "inner"
    inner.mkdir()
    mounts.write_text(f"a / ext4 rw 0 0\nb {inner} tmpfs rw 0 0\nc /elsewhere xfs rw 0 0\n")
    assert machine.file_system(inner, mounts) == "tmpfs"
    assert machine.file_system(tmp_path, mounts) == "ext4"
    assert machine.file_system(tmp_path, tmp_path / "none") == "unknown"
