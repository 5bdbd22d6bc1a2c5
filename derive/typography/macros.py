r"""The author's own commands, and their expansion.

    definition  ::=  \newcommand{\name}[n][default]{body}      (also \renewcommand, \providecommand, with or without *)
                  |  \def\name#1#2{body}  |  \let\name=\other  |  \DeclareMathOperator{\name}{words}

Expansion replaces a use by the body with its arguments put in, until no own command is left. It runs on an
explicit stack and under a budget. A command that reaches itself through its definitions is refused by name
before it is expanded; one that merely doubles and doubles runs into the budget. Tokens of a body take the place
of the use, tokens of an argument keep their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.errors import ClaimError
from derive.typography import symbols
from derive.typography.tokens import MAX_FORMULA, Token, place, raw_text, tokenize

MAX_TOKENS = 2 * MAX_FORMULA
MAX_USES = 10_000
MAX_DEFINITION = 2_000

_DEFINING = frozenset(
    {r"\newcommand", r"\renewcommand", r"\providecommand", r"\def", r"\gdef", r"\let", r"\DeclareMathOperator"}
)
# Commands whose argument is words, not mathematics.
_RAW = symbols.TEXT_COMMANDS | symbols.RAW_COMMANDS


@dataclass(frozen=True, slots=True)
class Macro:
    """A command's body, its number of parameters, and the default of the first one if that is optional."""

    parameters: int
    body: tuple[Token, ...]
    default: tuple[Token, ...] | None = None


Macros = dict[str, Macro]
"""The commands defined so far, by name with the backslash."""


def expand(source: str, macros: Macros) -> list[Token]:
    r"""The tokens of `source` with every own command expanded and spaces dropped.

    Definitions inside `source` are added to `macros`. The argument of `\text`, `\tag`, `\begin` and their like
    comes as one token of kind "raw".
    """
    return _Expansion(source, tokenize(source), macros).run()


def define_at(source: str, offset: int, macros: Macros) -> None:
    r"""Adds the definition (`\newcommand`, `\def`, ...) that starts at `offset` of a longer text to `macros`."""
    window = source[offset : offset + MAX_DEFINITION]
    reader = _Expansion(window, tokenize(window), macros)
    reader.define(reader.stack.pop())


class _Expansion:
    """One run over the tokens, the next one on top of the stack."""

    def __init__(self, source: str, tokens: list[Token], macros: Macros) -> None:
        self.source = source
        self.stack = tokens[::-1]
        self.macros = macros
        self.out: list[Token] = []
        self.uses = 0
        self.produced = 0
        self.end = 0  # where the argument taken last ends, its brace included
        self.acyclic: set[str] = set()

    def error(self, message: str, token: Token, hint: str | None = None) -> ClaimError:
        return ClaimError(message, span=place(self.source, token.span), hint=hint)

    def run(self) -> list[Token]:
        while self.stack:
            token = self.stack.pop()
            if token.kind == "space":
                continue
            if token.kind == "primitive":
                token = token._replace(kind="command")
            elif token.kind == "command":
                if token.text in _DEFINING:
                    self.define(token)
                    continue
                if token.text in self.macros:
                    self.use(token)
                    continue
            self.out.append(token)
            if token.kind == "command" and token.text in _RAW:
                self.raw_argument(token)
        return self.out

    # ----- pieces -----

    def peek(self) -> Token | None:
        """The next token that is no space."""
        while self.stack and self.stack[-1].kind == "space":
            self.stack.pop()
        return self.stack[-1] if self.stack else None

    def skip(self, *texts: str) -> None:
        token = self.peek()
        if token is not None and token.text in texts:
            self.stack.pop()

    def group(self, opener: Token, close: str) -> list[Token]:
        """The tokens up to the `close` that belongs to `opener`, which has been taken already."""
        depth = 0
        inside: list[Token] = []
        while self.stack:
            token = self.stack.pop()
            if depth == 0 and token.text == close and token.kind == "sign":
                self.end = token.end
                return inside
            if token.kind == "sign":
                depth += (token.text == "{") - (token.text == "}")
            if depth < 0:
                break
            inside.append(token)
        raise self.error(f"expected {close} for this {opener.text}", opener)

    def argument(self, owner: Token) -> list[Token]:
        """One argument: a group in braces, or a single token."""
        token = self.peek()
        if token is None or token.text == "}":
            raise self.error(f"expected an argument after {owner.text}", owner)
        self.stack.pop()
        self.end = token.end
        return self.group(token, "}") if token.text == "{" and token.kind == "sign" else [token]

    def optional(self) -> list[Token] | None:
        """What stands in square brackets next, or None."""
        token = self.peek()
        if token is None or token.text != "[" or token.kind != "sign":
            return None
        self.stack.pop()
        return self.group(token, "]")

    def raw_argument(self, owner: Token) -> None:
        if owner.text in (r"\operatorname", r"\tag", r"\hspace", r"\vspace"):
            self.skip("*")
        token = self.peek()
        if token is None or (token.text != "{" and owner.text in (r"\begin", r"\end")):
            raise self.error(f"expected {{ after {owner.text}", owner)
        inside = self.argument(owner)
        # Its braces are part of its place: that is where the command ends.
        self.out.append(Token("raw", raw_text(inside), token.start, self.end))

    # ----- definitions -----

    def define(self, command: Token) -> None:
        """Reads the definition behind `command` into the table."""
        self.skip("*")
        self.acyclic.clear()
        if command.text == r"\let":
            return self.let(command)
        name = self.name(command)
        if command.text == r"\DeclareMathOperator":
            words = raw_text(self.argument(command))
            body = [Token("command", r"\operatorname", *command.span), Token("sign", "{", *command.span)]
            body += [Token("letter", char, *command.span) for char in words]
            self.macros[name] = Macro(0, (*body, Token("sign", "}", *command.span)))
            return None
        default: list[Token] | None = None
        if command.text in (r"\def", r"\gdef"):
            parameters = self.def_parameters(command)
        else:
            count = self.optional()
            default = self.optional() if count is not None else None
            parameters = self.count(raw_text(count), command) if count is not None else 0
        body = self.argument(command)
        if command.text != r"\providecommand" or name not in self.macros:
            self.macros[name] = Macro(parameters, tuple(body), tuple(default) if default is not None else None)
        return None

    def let(self, command: Token) -> None:
        name = self.name(command)
        self.skip("=")
        meaning = self.argument(command)
        known = self.macros.get(meaning[0].text) if meaning else None
        fixed = tuple(t._replace(kind="primitive") if t.kind == "command" else t for t in meaning)
        self.macros[name] = known or Macro(0, fixed)

    def name(self, command: Token) -> str:
        inside = [token for token in self.argument(command) if token.kind != "space"]
        if len(inside) != 1 or inside[0].kind != "command":
            raise self.error(f"expected the name of a command, such as \\foo, after {command.text}", command)
        return inside[0].text

    def count(self, text: str, command: Token) -> int:
        if text.strip() not in set("0123456789"):
            raise self.error(f"expected a number of parameters from 0 to 9, not [{text}]", command)
        return int(text)

    def def_parameters(self, command: Token) -> int:
        r"""`#1#2...` up to the body of a `\def`; delimited parameters are TeX programming and are refused."""
        count = 0
        while (token := self.peek()) is not None and token.text == "#":
            self.stack.pop()
            count += 1
            digit = self.peek()
            if digit is None or digit.text != str(count):
                raise self.error(f"expected #{count} in the parameters of {command.text}", token)
            self.stack.pop()
        if token is None or token.text != "{":
            raise self.error(f"expected {{ and the body of {command.text}", token or command)
        return count

    # ----- uses -----

    def use(self, token: Token) -> None:
        """Replaces a use, which has been taken off the stack, by what it stands for."""
        macro = self.macros[token.text]
        self.uses += 1
        self.spend(token, 0)
        self.refuse_cycle(token)
        arguments: list[list[Token]] = []
        if macro.default is not None and macro.parameters:
            given = self.optional()
            arguments.append(list(macro.default) if given is None else given)
        while len(arguments) < macro.parameters:
            arguments.append(self.argument(token))
        end = max(token.end, self.end if arguments else 0)
        self.stack.extend(reversed(self.filled(token, macro, arguments, (token.start, end))))

    def filled(self, token: Token, macro: Macro, arguments: list[list[Token]], span: tuple[int, int]) -> list[Token]:
        """The body with the arguments in the places of `#1`, `#2`, ..."""
        filled: list[Token] = []
        body = iter(macro.body)
        for part in body:
            if part.text != "#":
                filled.append(Token(part.kind, part.text, *span))
                self.spend(token)
                continue
            digit = next(body, None)
            if digit is not None and digit.text.isdigit() and 0 < int(digit.text) <= len(arguments):
                filled.extend(arguments[int(digit.text) - 1])
                self.spend(token, len(arguments[int(digit.text) - 1]))
        return filled

    def spend(self, token: Token, tokens: int = 1) -> None:
        """Counts what the expansion has produced so far, and stops one that explodes."""
        self.produced += tokens
        if self.produced > MAX_TOKENS or self.uses > MAX_USES:
            raise self.error(f"{token.text} expands to more than {MAX_TOKENS:,} tokens", token)

    def refuse_cycle(self, token: Token) -> None:
        """An error if the definition of `token` leads back to it."""
        if token.text in self.acyclic:
            return
        seen: set[str] = set()
        pending = [token.text]
        while pending:
            for part in self.macros[pending.pop()].body:
                if part.kind != "command" or part.text not in self.macros or part.text in seen:
                    continue
                if part.text == token.text:
                    raise self.error(
                        f"{token.text} is defined by itself", token, r"keep the old meaning with \let first"
                    )
                seen.add(part.text)
                pending.append(part.text)
        self.acyclic.add(token.text)
