"""The graph that a formula speaks of, with its vocabulary and the derivatives taken of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from derive.calculus.jacobian import expression_jacobian, jacobian
from derive.claims.meaning.connections import edges
from derive.claims.meaning.names import Lexicon, lexicon
from derive.claims.meaning.scripts import Lin
from derive.ir import build
from derive.ir.graph import Binding, Declaration, Graph
from derive.ir.node import Node, refs, substitute
from derive.ir.size import Shape, Size

PART = "%part"
"""The binding that a part of a definition becomes, so that it can be differentiated by."""


@dataclass
class Frame:
    """A graph with its vocabulary and the derivatives taken so far.

    `layer` says what the layer letters of a family stand for in this window, `{"l": Lin("", 2)}` in the first one.
    `symmetry` says what a derivative by a symmetric input is: G, where the entries are independent; "even", (G + Gᵀ)/2;
    "free", by the entries on and below the diagonal, G + Gᵀ - diag(G).
    """

    graph: Graph
    scope: str = ""
    layer: dict[str, Lin] = field(default_factory=dict)
    others: tuple[Frame, ...] = ()
    symmetry: str = ""
    lexicon: Lexicon = field(init=False)
    _jacobians: dict[tuple[str, str, bool], Node] = field(default_factory=dict)
    _totals: dict[tuple[Node, str], Node] = field(default_factory=dict)
    _above: dict[str, set[str]] = field(default_factory=dict)
    _edges: dict[str, set[tuple[int, int]]] | None = None
    _extended: dict[tuple[tuple[str, Shape], ...], Graph] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lexicon = lexicon(self.graph)

    def ancestors(self, name: str) -> set[str]:
        """What a name depends on."""
        if name not in self._above:
            self._above[name] = self.graph.ancestors(name)
        return self._above[name]

    def jacobian(self, p: str, q: str, *, direct: bool = False) -> Node:
        """The total or direct derivative of one name by another."""
        key = (p, q, direct)
        if key not in self._jacobians:
            made = jacobian(self.graph, p, q, direct=direct)
            part = self.graph.bindings.get(PART)
            made = made if part is None else substitute(made, {self.graph.ref(PART): part.node})
            self._jacobians[key] = self._folded(made, q)
        return self._jacobians[key]

    def is_symmetric(self, name: str) -> bool:
        """Whether a name is an input that is declared symmetric."""
        declared = self.graph.inputs.get(name)
        return declared is not None and declared.fact("symmetric") is not None

    def _folded(self, made: Node, q: str) -> Node:
        """The derivative by a symmetric input in the convention of this frame."""
        if not self.symmetry or not self.is_symmetric(q):
            return made
        labels = tuple(range(len(made.shape)))
        turned = build.transpose(made, (*labels[:-2], labels[-1], labels[-2]))
        if self.symmetry == "even":
            return build.div(build.add(made, turned), build.number(2))
        diagonal = build.contract([labels, labels[-2:]], labels, [made, build.eye(made.shape[-1])], made.shape)
        return build.sub(build.add(made, turned), diagonal)

    def is_input(self, name: str) -> bool:
        """Whether a name is no binding: in the sum over time the weights are held in all earlier steps."""
        return name in self.graph.inputs

    def has_second_path(self, p: str, q: str) -> bool:
        """Whether q stands in the definition of p and also reaches p another way."""
        binding = self.graph.bindings.get(p)
        below = refs(binding.node) if binding is not None else []
        return q in below and any(q in self.ancestors(other) for other in below if other != q)

    def total(self, node: Node, q: str) -> Node:
        """The total derivative of an expression by a name; shape of the expression, then of q."""
        key = (node, q)
        if key not in self._totals:
            if q in self.graph:
                extended = self.graph.with_binding(Binding("%", node))
                made = jacobian(extended, "%", q)
                self._totals[key] = self._folded(substitute(made, {build.ref("%", node.shape): node}), q)
            else:
                self._totals[key] = expression_jacobian(node, build.ref(q, ()))
        return self._totals[key]

    def with_inputs(self, shapes: Mapping[str, Shape]) -> Graph:
        """The graph with further inputs; the same object for the same ones, with all that is remembered of it."""
        declared = self.graph.declarations
        new = {name: Declaration(name, "input", shape) for name, shape in shapes.items() if name not in declared}
        if not new:
            return self.graph
        key = tuple((name, declaration.shape) for name, declaration in new.items())
        if key not in self._extended:
            self._extended[key] = replace(self.graph, declarations={**declared, **new})
        return self._extended[key]

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes of all axes of the model."""
        found = (size for name in self.graph.names for size in self.graph.shape(name))
        return tuple(dict.fromkeys(found))

    @property
    def edges(self) -> dict[str, set[tuple[int, int]]]:
        """The connections of explicit neurons, by the letter of their weights."""
        if self._edges is None:
            self._edges = dict(edges(self.graph, self.lexicon))
        return self._edges
