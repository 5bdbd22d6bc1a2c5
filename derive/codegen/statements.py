"""A simplified graph as statements: one variable for each author's name, shared value or long expression."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from derive.codegen.assignments import Assignment, Implementation, JointPass
from derive.codegen.einsum import ATOM, Fragment
from derive.codegen.expression import Writer
from derive.codegen.flat_products import is_view
from derive.codegen.helpers import HELPERS
from derive.codegen.identifiers import Identifiers
from derive.codegen.literal import is_constant_root
from derive.codegen.size_variables import Sizes, size_sources
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, topological
from derive.ops.record import elementwise

LONGEST = 88  # an expression longer than this becomes a variable of its own


class Statements:
    """Writes the nodes of a simplified graph as statements."""

    def __init__(self, graph: ComputationGraph, forward: Mapping[Node, str], adjoints: Mapping[Node, str]) -> None:
        self.graph, self.forward, self.adjoints = graph, forward, adjoints
        self.names = Identifiers([*HELPERS, "special", "statistics"])
        self.variables = {name: self.names.claim(name) for name in graph.names}
        self.sizes = Sizes(self.names, graph)
        self.program = JointPass()
        self.code: dict[Node, Fragment] = {}
        self.lines = self.program.forward
        self.parts: dict[Node, dict[object, Node]] = {}
        self.handed_out: set[Node] = set()  # arrays that are results already
        self.dtype = self.names.claim("dtype")
        self.writer = Writer(self.code.__getitem__, self._implement, self.sizes, self.dtype)

    def run(self, value: Node, results: Mapping[str, Node], targets: Mapping[str, str]) -> JointPass:
        """The whole program; `targets` gives the binding or input that each result is the adjoint of."""
        reached = self._begin([value, *results.values()])
        self._write([value])
        self.program.value = self._result(value, self.forward.get(value, "value"), "value")
        self._write_adjoints(reached)
        self.program.gradients = {}
        for name, node in results.items():
            self._write([node])
            variable = self.variables[targets[name]]
            self.program.gradients[name] = self._result(node, f"d{variable}", f"d_{variable}")
        return self._end()

    def run_alone(self, value: Node) -> JointPass:
        """The program of one value, which may be made of adjoints."""
        self._write_adjoints(self._begin([value]))
        self._write([value])
        self.program.value = self._result(value, "value")
        return self._end()

    def _begin(self, roots: Sequence[Node]) -> set[Node]:
        """What is shared and what is plain below the roots; the forward pass is written."""
        # views and signs cost nothing worth a variable: their users count as users of what is below
        self.uses = Counter(
            _core(arg, signs=True)
            for node in topological(*roots)
            if not is_view(node) and (node.op != "neg" or node in self.forward or node in roots)
            for arg in node.args
        )
        self.uses.update(map(_core, roots))
        # scalars made of numbers and sizes alone are written where they are used
        self.plain: set[Node] = set()
        for node in topological(*roots):
            leaf = node.op in ("number", "constant", "size") or is_constant_root(node)
            if leaf or (node.op in ("div", "contract", "neg") and not node.shape and self.plain.issuperset(node.args)):
                self.plain.add(node)
        reached = set(topological(*roots))
        self.parts = {node.args[0]: {} for node in reached if node.op == "part"}
        for node in reached:
            if node.op == "part":
                self.parts[node.args[0]][node.attribute] = node
        self._write([node for node in self.forward if node in reached])
        return reached

    def _write_adjoints(self, reached: set[Node]) -> None:
        self.lines = self.program.backward
        # in the order of the derivation, so that each adjoint stands after those it is made of
        for node in self.adjoints:
            if node in reached:
                self._write([node])

    def _end(self) -> JointPass:
        self._drop_unread()
        functions = list(dict.fromkeys(i.name for i in self.program.implementations))
        self.program.implementations.sort(key=lambda i: (functions.index(i.name), *self._rank(i)))
        return self.program

    def _rank(self, implementation: Implementation) -> tuple[object, ...]:
        """The place of an implementation: the function, then its derivatives, by the first argument first."""
        orders = implementation.orders
        declaration = self.graph.declarations.get(implementation.name)
        if declaration is not None and declaration.kind == "functional":
            return len(orders), orders
        return sum(orders), tuple(-order for order in orders)

    def _drop_unread(self) -> None:
        """Leave out variables that nothing reads, and say which inputs and sizes are read."""
        program = self.program
        read = set(_words(program.value, *(program.gradients or {}).values()))
        for lines in (program.backward, program.forward):
            for line in lines[::-1]:
                if read.intersection(_words(line.variable)):
                    read.update(_words(line.text))
                else:
                    lines.remove(line)
        program.inputs = {name: self.variables[name] for name in self.graph.inputs}
        program.sizes = {name: variable for name, variable in self.sizes.used.items() if variable in read}
        program.needed = {name for name, variable in program.inputs.items() if variable in read}
        # the length of an axis is read from an input
        sources = size_sources(self.graph, program.needed, program.sizes)
        program.needed |= {owner for owner, _ in sources.values()}
        program.dtype = self.dtype if self.dtype in read else ""

    # --------------------------------------------------------------------------------------- statements

    def _write(self, roots: Sequence[Node]) -> None:
        for node in self._unwritten(roots):
            if node.op == "ref":
                self.code[node] = Fragment(self.variables[node.name])
                continue
            if is_view(node) or node.op == "part":
                continue
            self._shorten(node)
            if node.op == "shared":
                self._assign_parts(node)
                continue
            self.code[node] = self.writer.write(node)
            if self._deserves_a_name(node):
                self._assign(node)

    def _unwritten(self, roots: Sequence[Node]) -> list[Node]:
        """Nodes below the roots that have no source yet, operands first."""
        order: list[Node] = []
        seen: set[Node] = set()
        stack = [(root, False) for root in reversed(roots)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen and node not in self.code:
                seen.add(node)
                stack.append((node, True))
                stack.extend((arg, False) for arg in reversed(node.args))
        return order

    def _shorten(self, node: Node) -> None:
        """Give long operands variables, so that the expression of `node` stays readable (and Python can parse it)."""
        operands = [
            core for core in dict.fromkeys(_core(arg, signs=node.op == "add") for arg in node.args) if core.op != "ref"
        ]
        for k, arg in enumerate(node.args):
            if (
                _written_twice(node, k)
                and not self.code[_core(arg)].text.isidentifier()
                and _core(arg) not in self.plain
            ):
                self._assign(_core(arg))
        while sum(len(self.code[core].text) for core in operands) > LONGEST:
            longest = max(operands, key=lambda core: len(self.code[core].text))
            if self.code[longest].text.isidentifier() or longest.op in ("number", "constant", "size"):
                break
            self._assign(longest)

    def _deserves_a_name(self, node: Node) -> bool:
        if node.op in ("number", "constant", "size") or node in self.plain:
            return False
        if node in self.forward or self.uses[node] > 1:
            return True
        return node in self.adjoints and node.op == "contract" and _sums(node)

    def _assign(self, node: Node) -> None:
        variable = self._variable(node)
        self.lines.append(Assignment(variable, self.code[node].text))
        self.code[node] = Fragment(variable)

    def _assign_parts(self, node: Node) -> None:
        """`first, second = f(z)`."""
        parts = [part for _, part in sorted(self.parts[node].items())]
        variables = [self._variable(part) for part in parts]
        self.lines.append(Assignment(", ".join(variables), self.writer.write(node).text))
        self.code.update({part: Fragment(variable) for part, variable in zip(parts, variables, strict=True)})

    def _variable(self, node: Node) -> str:
        if node in self.forward:
            return self.variables[self.forward[node]]
        if node in self.adjoints:
            return self._adjoint_variable(self.adjoints[node])
        return self.names.temporary()

    def _adjoint_variable(self, name: str) -> str:
        variable = self.variables[name]
        return self.names.claim(f"d{variable}", f"d_{variable}")

    def _result(self, node: Node, *wanted: str) -> str:
        """A variable (or a number) that holds a result: an array of full shape that is nobody else's."""
        core = _core(node)
        if not node.shape and not core.shape:
            if core.op in ("number", "size"):
                return f"float({self.code[core].text})" if core.op == "size" else _as_float(self.code[core].text)
            if not self.code[core].text.isidentifier():
                self._assign(core)
            return self.code[core].text
        span = self.writer.span(node)
        whole = span == node.shape
        again = bool(span) and core in self.handed_out
        self.handed_out.add(core)
        if whole and not is_view(node) and core.op != "ref" and not again:
            if not self.code[node].text.isidentifier():
                self._assign(node)
            return self.code[node].text
        code = self.writer.exact(node)
        # a view of an input or of another result, or one that NumPy makes read-only, is not the caller's to change
        shared = (span and not whole) or again or core.op == "ref" or "np.diagonal" in code.text
        variable = self.names.claim(*wanted)
        self.lines.append(Assignment(variable, f"{code.at(ATOM)}.copy()" if shared else code.text))
        return variable

    def _implement(self, node: Node) -> str:
        name = node.name
        known = next((i for i in self.program.implementations if (i.name, i.orders) == (name, node.orders)), None)
        if known is None:
            parameter = self.names.claim(_parameter(node), f"{_parameter(node)}_function")
            known = Implementation(parameter, name, node.orders)
            self.program.implementations.append(known)
        return known.parameter


def _core(node: Node, signs: bool = False) -> Node:
    """What a view shows; with `signs`, also what a minus sign stands before."""
    while is_view(node) or (signs and node.op == "neg"):
        node = node.args[0]
    return node


def _written_twice(node: Node, k: int) -> bool:
    """Whether the template of a function has its operand k in more than one place."""
    record = elementwise(node.name) if node.op == "call" and not any(node.orders) else None
    return record is not None and record.numpy.count(f"{{{k}}}") > 1


def _sums(node: Node) -> bool:
    ins, out = node.labels
    return any(label not in out for labels in ins for label in labels)


def _words(*texts: str) -> list[str]:
    """The names that occur in pieces of source."""
    return [word for text in texts for word in re.findall(r"[^\W\d]\w*", text)]


def _as_float(text: str) -> str:
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def _parameter(node: Node) -> str:
    """`f`, `f_prime`, `f_second`, `f_d3`; `C_wrt_1`."""
    if node.op == "functional":
        return "_".join([node.name, *(f"wrt_{k + 1}" for k in node.orders)])
    if len(node.orders) == 1:
        order = node.orders[0]
        return node.name + (("", "_prime", "_second")[order] if order < 3 else f"_d{order}")
    return node.name + ("_d" + "".join(map(str, node.orders)) if any(node.orders) else "")
