"""From a derivation to straight-line statements: value and gradients in one joint pass.

Bindings and adjoints are put into each other until one graph over the inputs is left. Nodes are interned, so equal
definitions have become one node here (and only here), what the gradients need of the forward pass is found in it, and
what nothing asks for is not reached. The passes, in order:

    stabilise       textbook forms become stable ones, before they are differentiated
    written_out     sigma'(z) becomes a(1 - a)
    Simplifier      products flat, repeats outside
    cancelled       gradients as rational functions, with fewest operations
    Statements      one variable for each author's name, shared value or long expression
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from derive.calculus.derivation import Derivation
from derive.calculus.reverse import backprop
from derive.codegen.cancel import cancelled
from derive.codegen.contraction import ATOM, Code
from derive.codegen.expression import Writer
from derive.codegen.names import Names
from derive.codegen.simplify import Simplifier, is_view, written_out
from derive.codegen.stabilise import stabilise
from derive.errors import UnknownNameError, did_you_mean
from derive.ir.graph import Graph
from derive.ir.node import Node, substitute, topological
from derive.ops.record import elementwise

LONGEST = 88  # an expression longer than this becomes a variable of its own


@dataclass(frozen=True)
class Line:
    """`variable = text`."""

    variable: str
    text: str


@dataclass(frozen=True)
class Implementation:
    """A parameter of the emitted function: generic function `name`, differentiated as `orders` say."""

    parameter: str
    name: str
    orders: tuple[int, ...]


@dataclass
class Program:
    """Statements of a joint pass. `inputs` and `sizes` give the variable of each name; `gradients` that of each result."""

    inputs: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    implementations: list[Implementation] = field(default_factory=list)
    forward: list[Line] = field(default_factory=list)
    backward: list[Line] = field(default_factory=list)
    value: str = ""
    gradients: dict[str, str] = field(default_factory=dict)


def requested(derivation: Derivation, wrt: Iterable[str] | str | None) -> list[str]:
    """The names to differentiate by: every differentiable input, or those asked for. UnknownNameError for others."""
    graph = derivation.graph
    if wrt is None:
        return [name for name, declaration in graph.inputs.items() if declaration.differentiable]
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    for name in names:
        if graph.aliases.get(name, name) not in derivation.steps:
            raise UnknownNameError(
                f"no gradient by {name!r}: it is neither an input nor a binding of {graph.name}",
                hint=did_you_mean(name, derivation.steps),
            )
    return list(dict.fromkeys(names))


def program(derivation: Derivation, wrt: Iterable[str] | str | None = None) -> Program:
    """The statements that compute the loss and its gradients by `wrt`."""
    graph = derivation.graph
    names = requested(derivation, wrt)
    targets = {name: graph.aliases.get(name, name) for name in names}
    forward, adjoints = joined(derivation)
    wanted = [adjoints[target] for target in targets.values()]
    stages = _stages(graph, forward, [forward[derivation.loss], *wanted])
    value, *results = stages.roots
    # of two names for one adjoint, that of a computed value, then the one asked for; in the order of the derivation
    computed = [name for name, binding in graph.bindings.items() if binding.node.op != "ref"]
    named = stages.names({name: adjoints[name] for name in (*computed, *targets.values(), *derivation.steps)})
    shown = {node: named[node] for node in stages.names({name: adjoints[name] for name in derivation.steps})}
    return Statements(graph, stages.names(forward), shown).run(value, dict(zip(names, results, strict=True)), targets)


def joined(derivation: Derivation) -> tuple[dict[str, Node], dict[str, Node]]:
    """Every binding and every adjoint as an expression in the inputs alone, after `stabilise`."""
    stable, bypassed = stabilise(derivation.graph)
    steady = derivation if stable is derivation.graph else backprop(stable, derivation.loss)
    values: dict[Node, Node] = {}
    forward: dict[str, Node] = {}
    for name, binding in stable.bindings.items():
        forward[name] = substitute(binding.node, values)
        values[stable.ref(name)] = forward[name]
    adjoints: dict[str, Node] = {}
    inner = dict(values)
    for name, step in steady.steps.items():
        adjoints[name] = substitute(step.total, inner)
        inner[_ref(step.adjoint, step.total)] = adjoints[name]
    # a binding that a stable form looks through has lost a consumer: its derivative is taken as the author wrote it
    outer = dict(values)
    for name, step in derivation.steps.items():
        if name in bypassed:
            adjoints[name] = substitute(step.total, outer)
        outer[_ref(step.adjoint, step.total)] = adjoints[name]
    return {name: node for name, node in forward.items() if name in derivation.graph.bindings}, adjoints


def _ref(name: str, like: Node) -> Node:
    return Node("ref", (), name, like.shape)


@dataclass
class _Stages:
    """What every node became, pass by pass."""

    passes: list[Mapping[Node, Node]]
    roots: list[Node]

    def names(self, nodes: Mapping[str, Node]) -> dict[Node, str]:
        """The names of nodes that are still there; the first name wins."""
        found: dict[Node, str] = {}
        for name, node in nodes.items():
            current: Node | None = node
            for done in self.passes:
                current = done.get(current) if current is not None else None
            if current is not None:
                found.setdefault(current, name)
        return found


def _stages(graph: Graph, forward: Mapping[str, Node], roots: Sequence[Node]) -> _Stages:
    simplex = {
        name: fact.axis
        for name, declaration in graph.inputs.items()
        for fact in declaration.facts
        if fact.name in ("simplex", "one_hot") and fact.axis is not None
    }
    stages = _Stages([], list(roots))

    def apply(done: Mapping[Node, Node]) -> list[Node]:
        stages.passes.append(done)
        stages.roots = [done[root] for root in stages.roots]
        return list(stages.names(forward))

    named = apply(written_out(stages.roots))
    named = apply(Simplifier(stages.roots, named, simplex).done)
    reached = list(topological(*stages.roots))
    kept = set(named)
    fixed = set(topological(stages.roots[0], *(node for node in reached if node in kept)))
    named = apply(cancelled(stages.roots, fixed, kept))
    apply(Simplifier(stages.roots, named).done)
    return stages


class Statements:
    """Writes the nodes of a simplified graph as statements."""

    def __init__(self, graph: Graph, forward: Mapping[Node, str], adjoints: Mapping[Node, str]) -> None:
        self.graph, self.forward, self.adjoints = graph, forward, adjoints
        self.names = Names(
            ["sigmoid", "softplus", "erf", "softmax", "logsumexp", "log_softmax", "argmax_mask", "placed"]
        )
        self.variables = {name: self.names.claim(name) for name in graph.names}
        self.sizes = _Sizes(self.names, graph)
        self.program = Program()
        self.code: dict[Node, Code] = {}
        self.lines = self.program.forward
        self.writer = Writer(self.code.__getitem__, self._implement, self.sizes)

    def run(self, value: Node, results: Mapping[str, Node], targets: Mapping[str, str]) -> Program:
        """The whole program; `targets` gives the binding or input that each result is the adjoint of."""
        roots = [value, *results.values()]
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
            leaf = node.op in ("number", "constant", "size")
            if leaf or (node.op in ("div", "contract", "neg") and not node.shape and self.plain.issuperset(node.args)):
                self.plain.add(node)
        reached = set(topological(*roots))
        self._write([node for node in self.forward if node in reached])
        self._write([value])
        self.program.value = self._result(value, self.forward.get(value, "value"), "value")
        self.lines = self.program.backward
        # in the order of the derivation, so that each adjoint stands after those it is made of
        for node in self.adjoints:
            if node in reached:
                self._write([node])
        for name, node in results.items():
            self._write([node])
            variable = self.variables[targets[name]]
            self.program.gradients[name] = self._result(node, f"d{variable}", f"d_{variable}")
        self.program.inputs = {
            name: self.variables[name]
            for name in self.graph.inputs
            if self.graph.ref(name) in self.code or name in self._carriers()
        }
        self.program.sizes = dict(self.sizes.used)
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

    def _carriers(self) -> set[str]:
        """Inputs that are needed for the length of an axis."""
        used = {name for name in self.graph.inputs if self.graph.ref(name) in self.code}
        return {where[0] for where in size_sources(self.graph, used, self.sizes.used).values()}

    # --------------------------------------------------------------------------------------- statements

    def _write(self, roots: Sequence[Node]) -> None:
        for node in self._unwritten(roots):
            if node.op == "ref":
                self.code[node] = Code(self.variables[node.name])
                continue
            if is_view(node):
                continue
            self._shorten(node)
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
        operands = [core for core in dict.fromkeys(map(_core, node.args)) if core.op != "ref"]
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
        if node in self.forward:
            variable = self.variables[self.forward[node]]
        elif node in self.adjoints:
            variable = self._adjoint_variable(self.adjoints[node])
        else:
            variable = self.names.temporary()
        self.lines.append(Line(variable, self.code[node].text))
        self.code[node] = Code(variable)

    def _adjoint_variable(self, name: str) -> str:
        variable = self.variables[name]
        return self.names.claim(f"d{variable}", f"d_{variable}")

    def _result(self, node: Node, *wanted: str) -> str:
        """A variable (or a number) that holds a result: an array of full shape that is nobody else's."""
        core = _core(node)
        if not node.shape:
            if core.op in ("number", "size"):
                return f"float({self.code[core].text})" if core.op == "size" else _as_float(self.code[core].text)
            if not self.code[core].text.isidentifier():
                self._assign(core)
            return self.code[core].text
        code = self.writer.exact(node)
        if node in self.code and core.op != "ref" and code.text.isidentifier():
            return code.text
        if not is_view(node) and core.op != "ref":
            self._assign(node)
            return self.code[node].text
        # a view of an input, or one that NumPy makes read-only, is not the caller's to change
        shared = core.op == "ref" or "np.broadcast_to" in code.text or "np.diagonal" in code.text
        variable = self.names.claim(*wanted)
        self.lines.append(Line(variable, f"{code.at(ATOM)}.copy()" if shared else code.text))
        return variable

    def _implement(self, node: Node) -> str:
        name = node.name
        known = next((i for i in self.program.implementations if (i.name, i.orders) == (name, node.orders)), None)
        if known is None:
            parameter = self.names.claim(_parameter(node), f"{_parameter(node)}_function")
            known = Implementation(parameter, name, node.orders)
            self.program.implementations.append(known)
        return known.parameter


class _Sizes(dict[str, str]):
    """The variable of each named size; remembers which were asked for."""

    def __init__(self, names: Names, graph: Graph) -> None:
        super().__init__()
        self._names, self.used = names, dict[str, str]()
        for name in graph.size_names():
            self.used[name] = names.claim(name)
        self._all, self.used = self.used, {}

    def __missing__(self, name: str) -> str:
        self.used[name] = self[name] = self._all.get(name) or self._names.claim(name)
        return self[name]


def size_sources(graph: Graph, preferred: Iterable[str], sizes: Iterable[str]) -> dict[str, tuple[str, int]]:
    """For each size that is the whole length of some axis, the input and axis to read it from."""
    first = set(preferred)
    found: dict[str, tuple[str, int]] = {}
    for name, declaration in sorted(graph.inputs.items(), key=lambda item: item[0] not in first):
        for axis, size in enumerate(declaration.shape):
            if str(size) in sizes:
                found.setdefault(str(size), (name, axis))
    return found


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
