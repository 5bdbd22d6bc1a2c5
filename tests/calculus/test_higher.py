"""Recipes: products with vectors against the Jacobian, and what they are made of."""

from __future__ import annotations

import numpy as np

from derive.calculus.derivation import adjoint_parts
from derive.calculus.higher import Curvature, JacobianOf, Pullback, Pushforward, named
from derive.ir.node import topological
from derive.model.text import loads
from derive.ops.evaluate import Evaluator

# two ways from x to s, one of them around z
NET = "W : (k, n)\nx : (n,)\nv : (n,)\nu : (k,)\nM : (k, k), symmetric\nz = W @ x\ns = tanh(z) * sum(x**2) + z\n"


def point() -> Evaluator:
    rng = np.random.default_rng(0)
    shapes = {"W": (2, 3), "x": (3,), "v": (3,), "u": (2,), "M": (2, 2)}
    return Evaluator({name: rng.normal(size=shape) for name, shape in shapes.items()}, {"k": 2, "n": 3})


def test_products_are_those_of_the_jacobian() -> None:
    graph, at = loads(NET), point()
    at.run(graph)
    jacobian = at.value(JacobianOf("s", "x")(graph))
    v, u, M = (graph.ref(name) for name in ("v", "u", "M"))
    assert np.allclose(at.value(Pushforward("s", (("x", v),))(graph)), jacobian @ at.value(v))
    assert np.allclose(at.value(Pullback("x", (("s", u),))(graph)), jacobian.T @ at.value(u))
    whole = jacobian.T @ at.value(M) @ jacobian
    assert np.allclose(at.value(Curvature("x", "x", (("s", M),))(graph)), whole)
    assert np.allclose(at.value(Curvature("x", "x", (("s", M),), (("x", v),))(graph)), whole @ at.value(v))


def test_a_product_with_a_vector_makes_no_jacobian() -> None:
    graph = loads(NET)
    for made in (Pushforward("s", (("x", graph.ref("v")),)), Pullback("x", (("s", graph.ref("u")),))):
        assert all(len(node.shape) <= 2 for node in topological(made(graph)))
        assert not any(
            node.shape == graph.shape("s") + graph.shape("x") for node in topological(made(graph)) if node.args
        )


def test_what_does_not_depend_on_a_name_is_zero() -> None:
    graph, at = loads(NET), point()
    at.run(graph)
    assert not at.value(Pushforward("z", (("v", graph.ref("v")),))(graph)).any()
    assert not at.value(Pullback("v", (("z", graph.ref("u")),))(graph)).any()


def test_names_of_derivatives_are_taken_apart() -> None:
    graph = loads(NET)
    assert named(graph, "s", "x").shape == graph.shape("s") + graph.shape("x")
    assert adjoint_parts("∂∂L/∂w/∂b") == ("∂L/∂w", "b")
    assert adjoint_parts("∂L/∂w") == ("L", "w")
    assert adjoint_parts("w") is None
