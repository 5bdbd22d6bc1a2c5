"""The shape of an expression that is worth computing: products flat, broadcasts outside, signs and numbers together.

    sum_k (1 a)_k  = m a                  a repeated axis that is summed is a factor, not an array
    f(1 x), 1 x + 1 y, (1 x)(1 y)  = 1 f(x), 1 (x + y), 1 (x y)     computed once, repeated by NumPy's broadcasting
    sum_j (A^T)_{ij} B_{jk}                transposes, diagonals and repeats are other labels on the same array
    (-a) b = -(a b),  (2 a)(b / 2) = a b

Products inside products are merged only where the inner one sums nothing and is used once, so a matrix product that
the author or the chain rule set stays one: what is shared stays shared, and no cost is added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction

from derive.codegen.flat_products import Operand, flattened, is_multiple
from derive.codegen.repeats import carried, is_repeat, kept_ones, narrowed, repeated
from derive.ir import build
from derive.ir.build import label_sizes
from derive.ir.node import Labels, Node, as_number, topological, with_args
from derive.ir.size import ONE, Size
from derive.ops.composed import defined
from derive.ops.conditions import is_indicator
from derive.ops.primitive import scalar_of
from derive.ops.record import elementwise
from derive.ops.sympy_bridge import at_numbers, expand_by_output

MOST_TERMS = 24  # of one sum


def written_out(roots: Sequence[Node]) -> dict[Node, Node]:
    done: dict[Node, Node] = {}
    written: dict[Node, Node] = {}
    for node in topological(*roots):
        new = with_args(node, tuple(done[arg] for arg in node.args))
        if node.op == "call" and elementwise(node.name) and any(node.orders):
            new = expand_by_output(new)
        elif node.op == "call" and node.name == "silu":
            # z sigmoid(z) shares its sigmoid with its derivative
            new = build.mul(new.args[0], build.call("sigmoid", *new.args))
        done[node] = defined(new, written)
    return done


class Rewriter:
    """Rewrites the expressions below `roots`; `named` nodes stay nodes of their own, whatever refers to them.

    `sums_to_one` gives the axis along which an input is declared to sum to one.
    """

    def __init__(
        self, roots: Sequence[Node], named: Collection[Node], sums_to_one: Mapping[str, int] | None = None
    ) -> None:
        self._named = set(named)
        self._simplex = dict(sums_to_one or {})
        self._uses = Counter(arg for node in topological(*roots) for arg in node.args)
        self._uses.update(roots)
        self.done: dict[Node, Node] = {}
        for node in topological(*roots):
            self.done[node] = self._rule(node)

    def _free(self, node: Node) -> bool:
        """Whether a node, and what a minus sign in it stands before, has one user and no name."""
        while node.op == "neg" and self._uses[node] <= 1 and node not in self._named:
            node = node.args[0]
        return self._uses[node] <= 1 and node not in self._named

    def _rule(self, node: Node) -> Node:
        args = tuple(self.done[arg] for arg in node.args)
        free = [self._free(arg) for arg in node.args]
        match node.op:
            case "contract":
                return self._contract(node, list(zip(node.labels[0], args, free, strict=True)))
            case "add":
                return self._add(node, args, free)
            case "neg":
                return negated(args[0], free[0])
            case "div":
                return self._div(args)
            case "pow":
                return self._hoist(args, lambda *a: _power(*a))
            case "call":
                return self._hoist(args, lambda *a: _called(node, a))
            case _:
                return with_args(node, args)

    # ------------------------------------------------------------------------------------ elementwise

    @staticmethod
    def _hoist(args: Sequence[Node], make: Callable[..., Node]) -> Node:
        """An elementwise operation on what its operands carry, repeated afterwards."""
        axes = sorted({k for arg in args for k in carried(arg)})
        if len(axes) == len(args[0].shape):
            return make(*args)
        ones = sorted({k for arg in args for k in kept_ones(arg)}.difference(axes))
        return repeated(make(*(narrowed(arg, axes, ones) for arg in args)), axes, args[0], ones)

    def _add(self, node: Node, args: Sequence[Node], free: Sequence[bool]) -> Node:
        terms: list[Node] = []
        for arg, own in zip(args, free, strict=True):
            terms += arg.args if arg.op == "add" and own and len(terms) + len(arg.args) <= MOST_TERMS else [arg]
        terms = _collected([term for term in terms if not build.is_zero(term)])
        numbers = [as_number(_repeated_value(term)) for term in terms]
        if all(value is not None for value in numbers):
            return build.fill(build.number(sum(value for value in numbers if value is not None)), node.shape)
        if not terms:
            return build.zeros(node.shape)
        while len(terms) > MOST_TERMS:
            parts = [terms[k : k + MOST_TERMS] for k in range(0, len(terms), MOST_TERMS)]
            terms = [part[0] if len(part) == 1 else self._hoist(part, _sum) for part in parts]
        return terms[0] if len(terms) == 1 else self._hoist(terms, _sum)

    def _div(self, args: Sequence[Node]) -> Node:
        over, under = (arg.args[0] if arg.op == "neg" else arg for arg in args)
        negative = sum(arg.op == "neg" for arg in args) % 2 == 1
        if build.is_zero(over) or (under.op == "number" and under.value == 1):
            result = over
        else:
            result = self._hoist((over, under), lambda a, b: Node("div", (a, b), None, a.shape))
            if over.op == under.op == "number" and under.value:
                result = build.number(over.value / under.value)
        return negated(result) if negative else result

    # ------------------------------------------------------------------------------------- contraction

    def _contract(self, node: Node, operands: list[tuple[Labels, Node, bool]]) -> Node:
        out = node.labels[1]
        sizes = label_sizes(node)
        kept, coefficient = flattened(operands, sizes)
        kept = [(_in_place(labels, out, sizes), arg) for labels, arg in kept]
        bound = {label for labels, _, _ in operands for label in labels if sizes[label] is not ONE} - set(out)
        for factor in [factor for factor in kept if self._is_one(factor, kept, out)]:
            kept.remove(factor)
            bound -= set(factor[0])
        for label in bound - {label for labels, _ in kept for label in labels}:
            # a summed axis that no factor depends on
            number = sizes[label].number
            coefficient *= 1 if number is None else number
            kept += [] if number is not None else [((), build.size_value(sizes[label]))]
        return assembled(kept, coefficient, out, sizes, node)

    def _is_one(self, factor: Operand, kept: Sequence[Operand], out: Labels) -> bool:
        """Whether a factor is an input that is summed, alone, along the axis on which it is declared to sum to one."""
        labels, arg = factor
        if arg.op != "ref" or arg.name not in self._simplex or len(set(labels)) < len(labels):
            return False
        label = labels[self._simplex[arg.name] % len(labels)]
        others = [*(other for other in kept if other is not factor), (out, arg)]
        return all(label not in own for own, _ in others) and all(
            any(x in own for own, _ in others) for x in labels if x != label
        )


def assembled(kept: list[Operand], coefficient: Fraction, out: Labels, sizes: Mapping[int, Size], like: Node) -> Node:
    """The product of the factors over the axes that they carry, repeated to the shape of `like`."""
    if not coefficient:
        return build.zeros(like.shape)
    borne = {label for labels, _ in kept for label in labels}
    axes = [k for k, label in enumerate(out) if label in borne or out.count(label) > 1]
    ones = _summed_in_place(kept, axes, out, sizes)
    core_out = tuple(out[k] if k in axes else ones[k] for k in sorted((*axes, *ones)))
    shape = tuple(like.shape[k] if k in axes else ONE for k in sorted((*axes, *ones)))
    magnitude = abs(coefficient)
    plain = core_out == out or len(set(out)) == len(out)  # a diagonal is written by itself, and repeated afterwards
    if len(kept) == 1 and magnitude == 1 and plain and _is_one_step(kept[0][0], out, sizes):
        core = build.contract([kept[0][0]], out, [kept[0][1]], like.shape)
        return negated(core) if coefficient < 0 else core
    factors = [((), build.number(magnitude)), *kept] if magnitude != 1 or not kept else kept
    if len(factors) == 1 and factors[0][1].op == "number" and not core_out:
        core = factors[0][1]
    else:
        core = build.contract([labels for labels, _ in factors], core_out, [a for _, a in factors], shape)
    if core_out != out:
        core = repeated(core, axes, like, list(ones))
    return negated(core) if coefficient < 0 else core


def _in_place(labels: Labels, out: Labels, sizes: Mapping[int, Size]) -> Labels:
    """The labels of a factor, those of axes of size 1 being those of the result where it has such an axis there too."""
    if len(labels) != len(out):
        return labels
    pairs = zip(labels, out, strict=True)
    meets = [x not in out and y not in labels and sizes[x] is ONE and sizes[y] is ONE for x, y in pairs]
    return tuple(y if one else x for x, y, one in zip(labels, out, meets, strict=True))


def _summed_in_place(
    kept: Sequence[Operand], axes: Sequence[int], out: Labels, sizes: Mapping[int, Size]
) -> dict[int, int]:
    """The places behind a carried axis at which a factor is summed, or of size 1, and its sum repeated.

    They stay, with size 1. Beside each place stands the label of a factor that has size 1 there already, if there is.
    """
    for labels, _ in kept:
        if axes and len(labels) == len(out) == len(set(labels)) and all(labels[k] == out[k] for k in axes):
            rest = [k for k in range(axes[0], len(out)) if k not in axes]
            if all(labels[k] not in out for k in rest):
                return {k: labels[k] if sizes[labels[k]] is ONE else max(sizes) + 1 + k for k in rest}
    return {}


def _is_one_step(labels: Labels, out: Labels, sizes: Mapping[int, Size]) -> bool:
    """Whether one array becomes the result by a view, or by a sum over axes that stay with length 1."""
    if all(label in out or sizes[label] is ONE for label in labels):
        return True
    pairs = zip(labels, out, strict=False)
    kept = all(a == b or (sizes[b] is ONE and b not in labels and a not in out) for a, b in pairs)
    return kept and len(labels) == len(out) and len(set(labels)) == len(labels)


def negated(node: Node, free: bool = True) -> Node:
    """`-node`, with the sign where it costs nothing: -(a - b) is b - a."""
    if node.op == "neg":
        return node.args[0]
    if node.op == "add" and free and any(term.op == "neg" for term in node.args):
        return _sum(*(term.args[0] if term.op == "neg" else build.neg(term) for term in node.args))
    return build.neg(node)


def _repeated_value(node: Node) -> Node:
    """The scalar that a node repeats, through signs; else the node itself."""
    if node.op == "neg":
        inner = _repeated_value(node.args[0])
        return build.number(-inner.value) if inner.op == "number" else node
    return node.args[0] if is_repeat(node) else node


def _sum(*terms: Node) -> Node:
    """A sum that does not begin with a minus sign if any term has none."""
    positive = next((k for k, term in enumerate(terms) if term.op != "neg"), None)
    if positive is None:
        return build.neg(Node("add", tuple(term.args[0] for term in terms), None, terms[0].shape))
    ordered = (terms[positive], *terms[:positive], *terms[positive + 1 :])
    return Node("add", ordered, None, terms[0].shape)


def _collected(terms: list[Node]) -> list[Node]:
    """Terms that are multiples of one array as one term."""
    parts = [_multiple(term) for term in terms]
    if len({core for _, core in parts}) == len(terms):
        return terms
    total: dict[Node, Fraction] = {}
    for number, core in parts:
        total[core] = total.get(core, Fraction(0)) + number
    return [_times(number, core) for core, number in total.items() if number]


def _multiple(term: Node) -> tuple[Fraction, Node]:
    if term.op == "neg":
        number, core = _multiple(term.args[0])
        return -number, core
    if is_multiple(term) and len(term.args) == 2 and term.args[0].op == "number":
        return term.args[0].value, term.args[1]
    return Fraction(1), term


def _times(number: Fraction, core: Node) -> Node:
    product = core if abs(number) == 1 else build.mul(build.number(abs(number)), core)
    return build.neg(product) if number < 0 else product


def _called(node: Node, args: tuple[Node, ...]) -> Node:
    """A function of operands; of numbers it is a number where that is exact: 1[3 > 0] = 1, exp(0) = 1."""
    numbers = [as_number(scalar_of(arg)) for arg in args]
    if elementwise(node.name) is not None and not any(node.orders):
        if node.name == "where" and (numbers[0] is not None or args[1] is args[2]):
            return args[1] if numbers[0] else args[2]
        if node.name == "where" and is_indicator(args[0]) and sorted(numbers[1:], key=str) == [0, 1]:
            return args[0] if numbers[1] else build.sub(args[2], args[0])
        known = [number for number in numbers if number is not None]
        value = at_numbers(node.name, known) if len(known) == len(args) else None
        if value is not None:
            return build.fill(build.number(value), args[0].shape)
    return Node("call", args, node.attribute, args[0].shape)


def _power(base: Node, exponent: Node) -> Node:
    value = exponent.args[0] if is_repeat(exponent) else exponent
    if value.op == "number" and (value.value == 1 or (value.value > 0 and is_indicator(base))):
        return base  # 1[u > 0]^2 is 1[u > 0]
    return Node("pow", (base, exponent), None, base.shape)
