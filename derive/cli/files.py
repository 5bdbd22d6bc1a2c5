"""Writing files: all of them or none, never half of one, and nothing that is already there without --force.

Texts are written beside their targets under temporary names and then renamed. A file that already holds the very text
is left alone, so a command can be run again.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from derive.errors import DeriveError


def write_files(texts: Mapping[Path, str], *, force: bool = False) -> None:
    """Write every text to its path.

    Raises DeriveError if a path holds something else (unless `force`) or cannot be written.
    """
    pending = {path: text for path, text in texts.items() if not _holds(path, text, force=force)}
    staged: list[tuple[str, Path]] = []
    try:
        for path, text in pending.items():
            staged.append((_stage(path, text), path))
        for temporary, path in staged:
            os.replace(temporary, path)
    except OSError as error:
        raise DeriveError(f"cannot write {error.filename2 or error.filename}: {error.strerror}") from None
    finally:
        for temporary, _ in staged:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def _holds(path: Path, text: str, *, force: bool) -> bool:
    """Whether the path already holds this text; DeriveError if it holds another and may not be replaced."""
    try:
        if path.is_dir():
            raise DeriveError(f"{path} is a folder", hint="name a file")
        with path.open(encoding="utf-8", newline="") as file:
            if file.read() == text:
                return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except UnicodeDecodeError:
        pass
    except OSError as error:
        raise DeriveError(f"cannot write {path}: {error.strerror}") from None
    if not force:
        raise DeriveError(f"{path} exists and holds something else", hint="--force replaces it")
    return False


def _stage(path: Path, text: str) -> str:
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise DeriveError(f"cannot write {path}: {folder} is not a folder") from None
    except OSError as error:
        raise DeriveError(f"cannot write {path}: {folder}: {error.strerror}") from None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
    except OSError as error:
        raise DeriveError(f"cannot write {path}: {folder}: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.chmod(temporary, 0o666 & ~_umask())
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
