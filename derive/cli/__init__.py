"""The command line, `derive`."""

from derive.cli.app import main

__all__ = ["main"]
