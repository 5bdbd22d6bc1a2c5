"""The command `derive`: which commands there are, and how every failure ends.

Exit codes, the first that applies: 2 unusable input, 1 something is false, 3 something is undecided, 0. A command
returns its code. Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from derive import __version__
from derive.cli.terminal import ReaderGone, complain, prepare_streams
from derive.errors import DeriveError, did_you_mean

# name -> (module, what `derive --help` says of it); the modules are imported only when they are called
COMMANDS = {
    "demo": "The main job, on the bundled two-layer network.",
    "list": "The models of the gallery.",
    "ops": "The operations of models: how they are called, their derivatives.",
    "show": "The derivation of a model, in the terminal.",
    "latex": "The derivation as LaTeX.",
    "code": "Value and gradients as a NumPy module.",
    "eval": "A forward and a backward pass with numbers.",
    "check": "Formulas and code against finite differences.",
    "verify": "The formulas of a page: right or wrong, where, and the repair.",
    "model": "Drafts the model text from a page's own forward formulas.",
    "doctor": "What is installed, and what it enables.",
}
UNUSABLE, BROKEN_PIPE, INTERRUPTED = 2, 141, 130


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; its help needs none of them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"derive.cli.commands.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            message = f"there is no command {args[0]!r}"
            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"{message}; {hint}" if hint else message, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="derive")
def group() -> None:
    """Derive gradients, print them as a textbook does, and check them.

    MODEL is the name of a gallery model (`derive list`), a model file, FILE.py:NAME, or - for standard input.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; whatever the input, the end is a message and not a traceback."""
    prepare_streams()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    try:
        code = group.main(
            args=None if arguments is None else list(arguments), prog_name="derive", standalone_mode=False
        )
        sys.stdout.flush()
    except click.exceptions.Abort:
        complain("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        complain(_usage(error))
        return UNUSABLE
    except DeriveError as error:
        complain(error.render())
        return UNUSABLE
    except (ReaderGone, BrokenPipeError):
        return _reader_gone()
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or error}")
        return UNUSABLE
    except (RecursionError, MemoryError) as error:
        complain(f"the input is too large or too deeply nested ({type(error).__name__})")
        return UNUSABLE
    except Exception as error:
        if os.environ.get("DERIVE_TRACEBACK"):
            raise
        complain(
            f"internal error: {type(error).__name__}: {error}\n"
            "hint: this is a fault of derive, please report it; DERIVE_TRACEBACK=1 shows where it happened"
        )
        return UNUSABLE
    return code if isinstance(code, int) else 0


def _usage(error: click.ClickException) -> str:
    text = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        text += f"\nhint: {error.ctx.command_path} --help"
    return text


def _reader_gone() -> int:
    """`derive list | head` ends in silence; Python's own flush at exit must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
