"""`derive doctor`: what is installed, and what it enables."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version

import click

from derive import __version__
from derive.cli.terminal import colours, say, table
from derive.equality.laws import PLACES
from derive.equality.proof import laws
from derive.listings.process import limits
from derive.model import gallery

PACKAGES = {
    "sympy": "scalar mathematics (needed)",
    "numpy": "evaluation, emitted code (needed)",
    "mpmath": "evaluation in many digits (needed)",
    "click": "the command line (needed)",
    "rich": "tables on a terminal (needed)",
    "pytest": "the fixture gradient_check",
    "autograd": "independent gradients in the tests",
    "hypothesis": "property tests",
}
PROGRAMS = {
    "pdflatex": "compiling what `derive latex --standalone` writes",
    "latexmk": "compiling it in one step",
}
LIMITS = {
    "memory": "its address space",
    "processor": "its processor time",
    "files": "no file grows",
    "processes": "no process starts",
    "calls": "a filter in the kernel: no writing or deleting, processes, threads, signals, sockets, shared memory",
    "accidents": "a hook in Python that refuses the same, and that code which means to can undo",
}
NEEDED = ("sympy", "numpy", "mpmath", "click", "rich")


@click.command()
@click.option("--rules", is_flag=True, help="Show the laws that proofs use, with their conditions.")
def command(rules: bool) -> int:
    """Show what is installed, and what it enables. Exit code 2 if something needed is missing."""
    if rules:
        _show_laws()
        return 0
    say(f"derive {__version__}, Python {platform.python_version()} ({sys.executable}), {platform.system()}")
    found = {name: _version(name) for name in PACKAGES}
    rows = [(name, found[name] or "missing", use) for name, use in PACKAGES.items()]
    rows += [(name, shutil.which(name) or "missing", use) for name, use in PROGRAMS.items()]
    table("", ("what", "found", "for"), rows)
    held = limits()
    table("limits of --run-code", ("limit", "here", "holds"), [
        (name, "holds" if held.get(name) else "does not hold", what) for name, what in LIMITS.items()
    ])  # fmt: skip
    if not held.get("calls"):
        say("without the filter a block can delete files and start processes with your rights: trust what you run")
    say("a block can read your files; nothing that it reads leaves the report")
    say(f"gallery: {len(gallery())} models")
    say(f"output: {sys.stdout.encoding}, {'colours' if colours(sys.stdout) else 'no colours'}")
    return 2 if any(found[name] is None for name in NEEDED) else 0


def _show_laws() -> None:
    """The table of the proof kernel, part by part; a law without a condition always holds."""
    for place, heading in PLACES.items():
        rows = [(law.name, law.pattern, law.condition) for law in laws() if law.place == place]
        table(heading, ("law", "equation", "under the condition"), rows)
    say("equations hold where both sides have a value; conditions are declared, or follow from what is")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
