"""Files: all or none, never half, never over something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from derive.cli.files import write_files
from derive.errors import DeriveError


def test_texts_are_written_with_their_folders(tmp_path: Path) -> None:
    write_files({tmp_path / "a" / "b" / "x.txt": "∂\r\n", tmp_path / "y.txt": "2"})
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == "∂\r\n".encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "y.txt"]
    assert (tmp_path / "y.txt").stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path, other = tmp_path / "x.txt", tmp_path / "y.txt"
    path.write_text("mine")
    with pytest.raises(DeriveError, match="exists"):
        write_files({other: "new", path: "new"})
    assert path.read_text() == "mine"
    assert not other.exists()
    write_files({path: "new"}, force=True)
    assert path.read_text() == "new"


def test_the_same_text_may_be_written_again(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_files({path: "text"})
    before = path.stat().st_mtime_ns
    write_files({path: "text"})
    assert path.stat().st_mtime_ns == before


def test_binary_content_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DeriveError, match="exists"):
        write_files({path: "text"})


def test_folders_and_files_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeriveError, match="is a folder"):
        write_files({tmp_path: "text"})
    with pytest.raises(DeriveError, match="not a folder"):
        write_files({tmp_path / "file" / "x": "text"})


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in_the_way").write_text("")
    with pytest.raises(DeriveError):
        write_files({tmp_path / "x": "1", tmp_path / "in_the_way" / "y": "2"})
    assert [path.name for path in tmp_path.iterdir()] == ["in_the_way"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for the superuser")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DeriveError, match="cannot write"):
            write_files({tmp_path / "x": "text"})
    finally:
        tmp_path.chmod(0o700)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DeriveError, match="cannot write"):
        write_files({Path("/proc/nothing/x.txt"): "text"})
    with pytest.raises(DeriveError, match="cannot write"):
        write_files({tmp_path / ("n" * 300): "text"})


def test_commands_do_not_overwrite(derive, tmp_path: Path) -> None:
    (tmp_path / "out.py").write_text("mine")
    refused = derive("code", "node_exp", "-o", "out.py")
    assert refused.code == 2
    assert "--force" in refused.err
    assert (tmp_path / "out.py").read_text() == "mine"
    assert derive("code", "node_exp", "-o", "out.py", "--force").code == 0
    (tmp_path / "file").write_text("")
    for arguments in (("latex", "node_exp", "-o", "file"), ("demo", "-o", "file"), ("latex", "--all", "-o", "file")):
        assert derive(*arguments).code == 2
    assert derive("code", "node_exp", "-o", "/proc/x/out.py").code == 2
