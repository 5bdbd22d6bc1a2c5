"""The graph that a formula is read against, with its vocabulary and the derivatives taken of it.

For a family of layers that is a window of it, or the network of some depth. A window refuses derivatives whose ways it
does not show; a network has them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from derive.calculus.jacobian import expression_jacobian, jacobian
from derive.ir import build
from derive.ir.graph import Binding, ComputationGraph, Declaration, Family
from derive.ir.node import Node, refs, substitute
from derive.ir.size import Shape, Size
from derive.meaning.connections import edges
from derive.meaning.scripts import Lin
from derive.meaning.vocabulary import Lexicon, lexicon
from derive.model.shared_names import is_reached_out_of_view

PART = "%part"
"""The binding that a part of a definition becomes, so that it can be differentiated by."""


class NotInView(Exception):
    """A window of a family does not show what is asked for: no reading of the statement is judged there."""


@dataclass(frozen=True)
class Depth:
    """A family written out: `index` counts its layers from `low`, and `high`, the last one, is number `layers`."""

    index: str
    low: int
    high: str
    layers: int

    @property
    def shown(self) -> str:
        """`T = 4`."""
        return f"{self.high} = {self.layers}"


@dataclass
class Frame:
    """A graph with its vocabulary and the derivatives taken so far.

    `layer` says what the layer letters of a family stand for in this window, `{"l": Lin("", 2)}` in the first one; with
    a `depth` the graph is the whole network, in which every layer has a number. `family` is set for a window.
    `symmetry` says what a derivative by a symmetric input is: G, where the entries are independent; "even", (G + Gᵀ)/2;
    "free", by the entries on and below the diagonal, G + Gᵀ - diag(G).
    """

    graph: ComputationGraph
    scope: str = ""
    layer: dict[str, Lin] = field(default_factory=dict)
    depth: Depth | None = None
    others: tuple[Frame, ...] = ()
    family: Family | None = None
    symmetry: str = ""
    lexicon: Lexicon = field(init=False)
    _jacobians: dict[tuple[str, str, bool], Node] = field(default_factory=dict)
    _totals: dict[tuple[Node, str], Node] = field(default_factory=dict)
    _above: dict[str, set[str]] = field(default_factory=dict)
    _layers: dict[str, ComputationGraph] = field(default_factory=dict)
    _edges: dict[str, set[tuple[int, int]]] | None = None
    _extended: dict[tuple[tuple[str, Shape], ...], ComputationGraph] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lexicon = lexicon(self.graph)

    def ancestors(self, name: str) -> set[str]:
        """What a name depends on."""
        if name not in self._above:
            self._above[name] = self.graph.ancestors(name)
        return self._above[name]

    def jacobian(self, p: str, q: str, *, direct: bool = False) -> Node:
        """The total or direct derivative of one name by another."""
        if not direct:
            self.check_whole(p, self.ancestors(p), q)
        key = (p, q, direct)
        if key not in self._jacobians:
            held = self._layer_of(p, q) if direct else None
            made = jacobian(self.graph, p, q, direct=direct) if held is None else jacobian(held, p, q)
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
        """Whether q stands in the definition of p and also reaches p another way.

        In a family written out the lines of one layer are one definition: a parameter that all layers share stands in
        each of them, and reaches the later ones through the earlier ones.
        """
        held = self._layer_of(p, q)
        if held is not None:
            earlier = self.ancestors(p) & (held.inputs.keys() - self.graph.inputs.keys())
            return q in held.ancestors(p) and any(q in self.ancestors(name) for name in earlier)
        binding = self.graph.bindings.get(p)
        below = refs(binding.node) if binding is not None else []
        return q in below and any(q in self.ancestors(other) for other in below if other != q)

    def _layer_of(self, p: str, q: str) -> ComputationGraph | None:
        """The lines of the layer of p with all other layers held, if p is of a layer and q of none."""
        _, member, layer = p.partition("[")
        if self.depth is None or not member or "[" in q:
            return None
        if layer not in self._layers:
            others = [name for name in self.graph.bindings if "[" in name and name.partition("[")[2] != layer]
            held = {name: Declaration(name, "input", self.graph.shape(name)) for name in others}
            own = {name: binding for name, binding in self.graph.bindings.items() if name not in held}
            declared = {**self.graph.declarations, **held}
            self._layers[layer] = replace(self.graph, declarations=declared, bindings=own)
        return self._layers[layer]

    def total(self, node: Node, q: str) -> Node:
        """The total derivative of an expression by a name; shape of the expression, then of q."""
        below = refs(node)
        self.check_whole("", set(below).union(*map(self.ancestors, below)), q)
        key = (node, q)
        if key not in self._totals:
            if q in self.graph:
                extended = self.graph.with_binding(Binding("%", node))
                made = jacobian(extended, "%", q)
                self._totals[key] = self._folded(substitute(made, {build.ref("%", node.shape): node}), q)
            else:
                self._totals[key] = expression_jacobian(node, build.ref(q, ()))
        return self._totals[key]

    def check_whole(self, p: str, below: set[str], q: str) -> None:
        """NotInView if a window does not show all ways from q to p, which has the names `below` under it."""
        family = self.family
        if family is None or q == p or q not in self.graph:
            return
        stem, _, layer = q.rstrip("]").partition("[")
        hidden = stem in family.shared or is_reached_out_of_view(family, self.graph, q, below)
        hidden = hidden or (bool(family.uneven) and self.graph.loss in (p, *below))
        if hidden or (q not in below and not layer.startswith((family.index, family.high))):
            raise NotInView(f"{q} is used by layers that this window does not show")

    def with_inputs(self, shapes: Mapping[str, Shape]) -> ComputationGraph:
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
