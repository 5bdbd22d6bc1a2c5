"""The last pass of stability: single expressions of what is going to be emitted, by the rules of `AFTER`.

In sum_j W_ij (1 - a_j) a_j, and behind a matrix product in general, 1 - a stays: there what is lost of it is drowned in
the sum, and a network keeps its one exponential for each activation. So it is in (1 - z) h + z k, unless h and k are
1 - y and y.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from derive.codegen.entries import is_elementwise
from derive.codegen.flat_products import is_view
from derive.codegen.stability import AFTER
from derive.codegen.textbook_forms import Looking
from derive.ir.node import Node, topological, with_args


def steadied(roots: Sequence[Node]) -> dict[Node, Node]:
    """A replacement for every node below `roots`."""
    users: dict[Node, list[Node]] = defaultdict(list)
    bearing: set[Node] = set()
    order = list(topological(*roots))
    for node in order:
        passes = is_view(node) or is_elementwise(node)
        if _is_matrix_product(node) or (passes and any(arg in bearing for arg in node.args)):
            bearing.add(node)
        for arg in node.args:
            users[arg].append(node)
    looking = Looking({}, [rule.apply for rule in AFTER])
    done: dict[Node, Node] = {}
    for node in order:
        current = with_args(node, tuple(done[arg] for arg in node.args))
        drowned = (
            node.op == "add"
            and users[node]
            and all(_behind_a_sum(user, node, bearing) or _blended(looking, user, node, users) for user in users[node])
        )
        done[node] = current if drowned else looking.applied(current)
    return done


def _behind_a_sum(product: Node, factor: Node, bearing: Collection[Node]) -> bool:
    """Whether a product has another factor that a matrix product is a part of, entry on entry."""
    if product.op != "contract" or len(product.args) < 2:
        return False
    return any(arg in bearing for arg in product.args if arg is not factor)


def _blended(looking: Looking, product: Node, less: Node, users: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether a product with a factor 1 - z is only added to a product with z."""
    z = looking.one_less(less)
    return (
        z is not None
        and product.op == "contract"
        and bool(users[product])
        and all(
            user.op == "add" and looking.mixture(user) is None and any(z in term.args for term in user.args)
            for user in users[product]
        )
    )


def _is_matrix_product(node: Node) -> bool:
    if node.op != "contract":
        return False
    ins, out = node.labels
    return len([own for own in ins if own]) > 1 and any(label not in out for own in ins for label in own)
