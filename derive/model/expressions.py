"""From a syntax tree to nodes, with NumPy's meaning of every operator.

The parts of an expression are built in the order of its form. A sum `a + b - c` becomes one node with three operands,
in the order written; everything else is built as Python groups it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from derive.errors import DeriveError, ModelError, ShapeError, UnknownNameError
from derive.ir import build
from derive.ir.graph import Declaration
from derive.ir.node import Node
from derive.ir.size import Shape
from derive.model.combine import indicator, signed_sum
from derive.model.forms import terms
from derive.model.literals import NO_VALUE, is_flag, plain_value
from derive.model.scope import SymbolTable
from derive.model.sizes import MAX_AXES
from derive.model.tokens import Expression
from derive.ops.definite import check_definite
from derive.ops.record import build_call, is_callable, plain_arguments
from derive.ops.remedies import OPTIONS, remedy, without_module


@dataclass(frozen=True)
class Listed:
    """A list literal that is being read: scalars in row-major order."""

    shape: tuple[int, ...]
    items: tuple[Node, ...]


Value = Node | Listed

_OPERATIONS: dict[type[ast.operator], Callable[[Node, Node], Node]] = {
    ast.Mult: build.mul,
    ast.Div: build.div,
    ast.MatMult: build.matmul,
    ast.Pow: build.power,
}


def evaluate(expression: Expression, scope: SymbolTable) -> Node:
    """The node of an expression. Errors carry the place of the part that failed."""
    return _Walk(expression, scope).node()


class _Walk:
    def __init__(self, expression: Expression, scope: SymbolTable) -> None:
        self.expression = expression
        self.scope = scope
        self.done: dict[ast.expr, Value] = {}

    # -------------------------------------------------------------------------------------- the walk

    def node(self) -> Node:
        form = self.expression.form
        for current in form.order:
            if current in form.arguments and self._is_flag(current):
                continue
            try:
                self.done[current] = self._build(current)
            except DeriveError as error:
                raise error.at(self.expression.span(current)) from None
        return self._as_node(form.tree)

    def _is_flag(self, tree: ast.expr) -> bool:
        return is_flag(self.expression, tree, self.scope.declarations, self.scope.bindings)

    def _as_node(self, tree: ast.expr) -> Node:
        value = self.done[tree]
        return build.array(value.items, value.shape) if isinstance(value, Listed) else value

    def _build(self, node: ast.expr) -> Value:
        match node:
            case ast.Name(id=identifier):
                return self._atom(identifier)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._sum(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp(op=ast.USub()):
                return build.neg(self._as_node(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return self._as_node(node.operand)
            case ast.Attribute():
                return self._attribute(node)
            case ast.List():
                return self._list(node)
            case ast.Call():
                return self._call(node)
            case _:
                raise self._refusal(node)

    # ---------------------------------------------------------------------------------------- leaves

    def _atom(self, identifier: str) -> Node:
        token = self.expression.placeholder(identifier)
        if token.number is not None:
            return build.number(token.number)
        if token.layers is not None:
            return self.scope.over_layers(token.layers)
        assert token.name is not None
        return self.scope.value(token.name)

    def _list(self, node: ast.List) -> Listed:
        if not node.elts:
            raise ShapeError("an empty array has no entries to compute with")
        values = [self.done[item] for item in node.elts]
        parts = [v if isinstance(v, Listed) else Listed((), (v,)) for v in values]
        if any(part.shape != parts[0].shape for part in parts):
            raise ShapeError("the rows of an array have unequal lengths", hint="write one list for each row")
        if len(parts[0].shape) >= MAX_AXES:
            raise ShapeError(f"an array has at most {MAX_AXES} axes")
        items = tuple(item for part in parts for item in part.items)
        for item in items:
            if item.shape:
                raise ShapeError("the entries of an array have to be scalars")
        return Listed((len(parts), *parts[0].shape), items)

    # ------------------------------------------------------------------------------------- operators

    def _sum(self, node: ast.BinOp) -> Node:
        try:
            return signed_sum([(minus, self._as_node(tree)) for minus, tree, _ in terms(node)])
        except ShapeError:
            self._blame(node)
            raise

    def _blame(self, node: ast.BinOp) -> None:
        """Raise the ShapeError of the first operation of a sum whose operands do not fit."""
        shape: Shape = ()
        for minus, tree, operation in terms(node):
            try:
                shape = build.broadcast_shape([shape, self._as_node(tree).shape], "subtract" if minus else "add")
            except DeriveError as error:
                raise error.at(self.expression.span(operation or tree)) from None

    def _binary(self, node: ast.BinOp) -> Node:
        left, right = self._as_node(node.left), self._as_node(node.right)
        operation = _OPERATIONS.get(type(node.op))
        if operation is None:
            raise ModelError("there is no such operator in a model", hint="operators are + - * / ** @")
        return operation(left, right)

    def _attribute(self, node: ast.Attribute) -> Node:
        name = self.expression.placeholder(node.attr).text
        if name != "T":
            raise ModelError(
                f"the attribute .{name} has no meaning in a model", hint=".T is the only one; functions are called f(x)"
            )
        return build.transpose(self._as_node(node.value))

    # ----------------------------------------------------------------------------------------- calls

    def _call(self, node: ast.Call) -> Node:
        if not isinstance(node.func, ast.Name):
            raise ModelError("only operations can be called, by their name alone", hint=self._by_name_alone(node.func))
        token = self.expression.placeholder(node.func.id)
        if token.name is None:
            raise ModelError(f"{token.text} is not a function", hint=f"write {token.text}*(...) for a product")
        if any(isinstance(argument, ast.Starred) for argument in node.args) or any(
            k.arg is None for k in node.keywords
        ):
            raise ModelError("arguments are written out, without * or **")
        name = str(token.name.within(self.scope.environment))
        declared = self.scope.functions.get(name)
        if declared is not None:
            return self._declared(declared, node)
        given = self.scope.declarations.get(name)
        if not is_callable(name) or (given is not None and given.kind == "input"):
            raise self._unknown_function(name, node)
        plain = plain_arguments(name)
        arguments = [self._argument(a, k in plain, name) for k, a in enumerate(node.args)]
        options: dict[str, object] = {}
        for keyword in node.keywords:
            key = self.expression.placeholder(keyword.arg or "").text
            if key in options:
                raise ModelError(f"{name} has the option {key} twice")
            if key in OPTIONS:
                raise ModelError(f"{name} has no option {key}", hint=f"write {OPTIONS[key]}= for {key}=")
            options[key] = self._argument(keyword.value, key in plain, name)
        try:
            made = build_call(name, arguments, options)
            check_definite(made, self.scope.declarations, self.scope.bindings)
            return made
        except (TypeError, ValueError) as error:  # an axis or flag of the wrong kind
            raise ModelError(f"{name} does not take these arguments: {error}") from None

    def _by_name_alone(self, called: ast.expr) -> str:
        """What to write for `np.exp(x)`, `nn.ReLU()(x)` and `x.sum()`."""
        while isinstance(called, ast.Call):
            called = called.func
        if not isinstance(called, ast.Attribute):
            return "write f(x), with the name of a function"
        value = called.value
        owner = self.expression.placeholder(value.id).text if isinstance(value, ast.Name) else None
        known = owner is not None and owner in self.scope.names()
        return without_module(self.expression.placeholder(called.attr).text, owner if known else None)

    def _declared(self, function: Declaration, node: ast.Call) -> Node:
        if node.keywords:
            raise ModelError(f"{function.name} takes no options")
        arguments = [self._operand(argument, function.name) for argument in node.args]
        if function.kind == "functional":
            if not arguments:
                raise ModelError(f"the functional {function.name} needs arguments")
            return build.functional(function.name, *arguments)
        if len(arguments) != function.arity:
            takes = f"{function.arity} argument{'s' * (function.arity != 1)}"
            raise ModelError(
                f"{function.name} is declared with {takes}, not {len(arguments)}",
                hint=f"{function.name} : function({len(arguments)})" if function.definition is None else None,
            )
        return build.call(function.definition or function.name, *arguments)

    def _unknown_function(self, name: str, node: ast.Call) -> ModelError:
        span = self.expression.span(node.func)
        if name in self.scope.bindings or name in self.scope.declarations:
            return ModelError(
                f"{name} is a value, not a function",
                span=span,
                hint=f"write {name}*(...), or declare {name} : function",
            )
        hint = remedy(name, self.scope.functions)
        return UnknownNameError(f"unknown function {name!r}", span=span, hint=hint or self._declaration(name, node))

    def _declaration(self, name: str, node: ast.Call) -> str:
        """How a function of an unknown name is declared, if it can act entry by entry on its arguments."""
        listed = "`derive ops` and `derive list --operations` list the operations"
        try:
            build.broadcast_shape([self._as_node(argument).shape for argument in node.args])
        except (DeriveError, KeyError):
            return listed
        if node.keywords or not node.args:
            return listed
        arity = "" if len(node.args) == 1 else f"({len(node.args)})"
        return f"declare it: {name} : function{arity}, if it acts on every entry by itself"

    def _argument(self, tree: ast.expr, plain: bool, name: str) -> object:
        if not plain:
            return self._operand(tree, name)
        if (literal := plain_value(self.expression, tree)) is NO_VALUE:
            raise ModelError(
                f"this argument of {name} has to be a whole number, a tuple of them, True or False",
                span=self.expression.span(tree),
            )
        return literal

    def _operand(self, tree: ast.expr, name: str) -> Node:
        if isinstance(tree, ast.Compare):
            if name != "where":
                raise self._refusal(tree)
            return self._condition(tree)
        if tree not in self.done:
            raise ModelError(f"this argument of {name} has to be a value of the model", span=self.expression.span(tree))
        return self._as_node(tree)

    def _condition(self, tree: ast.Compare) -> Node:
        """1 where a comparison holds, 0 elsewhere."""
        if len(tree.ops) != 1 or not isinstance(tree.ops[0], ast.Lt | ast.Gt | ast.LtE | ast.GtE):
            raise ModelError(
                "a condition is one comparison with < <= > >=", span=self.expression.span(tree), hint="nest where(...)"
            )
        left, right = self._as_node(tree.left), self._as_node(tree.comparators[0])
        try:
            if isinstance(tree.ops[0], ast.Gt | ast.LtE):
                left, right = right, left
            below = indicator(left, right)
            return below if isinstance(tree.ops[0], ast.Lt | ast.Gt) else build.sub(build.number(1), below)
        except DeriveError as error:
            raise error.at(self.expression.span(tree)) from None

    def _refusal(self, node: ast.expr) -> ModelError:
        what, hint = {
            ast.Compare: ("a comparison", "compare inside where(...) only"),
            ast.Subscript: ("a subscript", "use whole arrays; an index in brackets counts layers, as in a[l-1]"),
            ast.Tuple: ("a tuple", "an array is written with [ ]"),
            ast.Starred: ("a starred value", None),
        }.get(type(node), ("this form", "use operators + - * / ** @, .T, lists of numbers and calls"))
        return ModelError(f"{what} has no place in an expression", span=self.expression.span(node), hint=hint)
