"""What a page may name as its model, and what is told of a file that is none."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from derive.errors import ModelError
from derive.model.page_models import load_beside

MODEL = "x : scalar\ny = x**2\n"
SECRET = "hunter2"
NO_MODEL = f"password: {SECRET}\nTOKEN={SECRET}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the page; what is around it is not its own."""
    (tmp_path / "outside.derive").write_text(MODEL)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "net.derive").write_text(MODEL)
    home = tmp_path / "pages"
    (home / "below").mkdir(parents=True)
    for path in (home / "net.derive", home / "net.txt", home / "below" / "net.derive"):
        path.write_text(MODEL)
    return home


@pytest.mark.parametrize("name", ["net.derive", "net.txt", "below/net.derive", "./net.derive", "below/../net.derive"])
def test_files_beside_and_below_the_page(folder: Path, name: str) -> None:
    graph = load_beside(name, folder)
    assert (graph.name, graph.loss) == ("net", "y")


def test_links_inside_of_the_folder_and_to_it(folder: Path) -> None:
    (folder / "same.derive").symlink_to("below/net.derive")
    assert load_beside("same.derive", folder).loss == "y"
    (folder.parent / "link").symlink_to("pages")
    assert load_beside("net.derive", folder.parent / "link").loss == "y"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "/dev/stdin",
        "/dev/zero",
        "..",
        "../outside.derive",
        "../nowhere.derive",
        "below/../../outside.derive",
    ],
)
def test_what_is_elsewhere_is_refused_whether_it_exists_or_not(folder: Path, name: str) -> None:
    with pytest.raises(ModelError, match="not below the folder of the page") as caught:
        load_beside(name, folder)
    assert "beside or below" in str(caught.value.hint)


def test_an_absolute_path_is_refused_wherever_it_leads(folder: Path) -> None:
    with pytest.raises(ModelError, match="not below"):
        load_beside(str(folder / "net.derive"), folder)


def _out(folder: Path, name: str) -> None:
    (folder / name).symlink_to("../outside.derive")


def _nowhere(folder: Path, name: str) -> None:
    (folder / name).symlink_to("../nowhere.derive")


def _circle(folder: Path, name: str) -> None:
    (folder / name).symlink_to(name)


def _socket(folder: Path, name: str) -> None:
    here = os.getcwd()
    os.chdir(folder)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(name)
    finally:
        os.chdir(here)


def _sparse(folder: Path, name: str) -> None:
    with (folder / name).open("wb") as stream:
        stream.truncate(100_000_000)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_out, "not below"),
        (_nowhere, "not below"),
        (lambda folder, name: (folder / name).symlink_to("/dev/zero"), "not below"),
        (_circle, "names no file|cannot read"),
        (lambda folder, name: os.mkfifo(folder / name), "no regular file"),
        (_socket, "no regular file"),
        (lambda folder, name: (folder / name).mkdir(), "no regular file"),
        (_sparse, "too large"),
        (lambda folder, name: (folder / name).write_bytes(b"\xff\xfe"), "not UTF-8"),
    ],
)
def test_what_is_no_model_file(folder: Path, make: Callable[[Path, str], None], words: str) -> None:
    make(folder, "odd.derive")
    with pytest.raises(ModelError, match=words):
        load_beside("odd.derive", folder)


@pytest.mark.parametrize("name", ["x\0y", "\x1b[31mx", "x" * 5000, "net.derive/x", "nowhere.derive", "below"])
def test_names_that_are_no_files(folder: Path, name: str) -> None:
    with pytest.raises(ModelError):
        load_beside(name, folder)


def test_a_folder_on_the_way_that_leads_out(folder: Path) -> None:
    (folder / "way").symlink_to("../elsewhere")
    with pytest.raises(ModelError, match="not below"):
        load_beside("way/net.derive", folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for the superuser")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    (folder / "net.derive").chmod(0)
    with pytest.raises(ModelError, match="Permission denied"):
        load_beside("net.derive", folder)


@pytest.mark.parametrize("name", ["notes.txt", "id_rsa", ".env", ".git/config", "linked.derive"])
@pytest.mark.parametrize(
    "content", [NO_MODEL, f"x : scalar\n{SECRET} = 1 +\n", f"y = {SECRET}\n", f"PIN = 4711\n{SECRET}(\n"]
)
def test_nothing_is_told_of_what_is_no_model(folder: Path, name: str, content: str) -> None:
    target = folder / ("key" if name == "linked.derive" else name)
    target.parent.mkdir(exist_ok=True)
    target.write_text(content)
    if name == "linked.derive":
        (folder / name).symlink_to("key")
    with pytest.raises(ModelError, match=r"line|hidden") as caught:
        load_beside(name, folder)
    for told in (str(caught.value), repr(caught.value.span), *traceback.format_exception(caught.value)):
        assert SECRET not in told
        assert "4711" not in told


def test_hidden_files_are_not_opened_even_if_they_could_be_read_as_a_model(folder: Path) -> None:
    (folder / ".env").write_text("PIN = 4711\n")
    with pytest.raises(ModelError, match="hidden"):
        load_beside(".env", folder)


def test_a_mistake_in_a_model_file_is_told_with_its_line(folder: Path) -> None:
    (folder / "net.derive").write_text("x : scalar\ny = 2*xx\n")
    with pytest.raises(ModelError, match=r"net\.derive, line 2: unknown name 'xx'") as caught:
        load_beside("net.derive", folder)
    assert caught.value.hint == "did you mean x?"
