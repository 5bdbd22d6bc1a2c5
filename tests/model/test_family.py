"""Layer families: windows with a formal index, and networks of a given depth."""

import numpy as np
import pytest

from derive.errors import DeriveError, ModelError, ShapeError
from derive.ir import build
from derive.ir.size import size_of
from derive.model import gallery, instance, load, loads, warnings
from derive.ops.evaluate import Evaluator

MLP = """\
# Layers.
x    : (n[1],)
y    : (n[L],)
W[l] : (n[l], n[l-1])
f    : function
mu   : symbol
a[1] = x
for l in 2..L:
    b[l] : (n[l],)
    z[l] = W[l] @ a[l-1] + b[l]
    a[l] = f(z[l])
J = 1/2*sum((y - a[L])**2)
alias w^{(l)} = W[l]
alias o = a[L]
"""


def test_the_interior_window():
    family = loads(MLP).family
    window = family.interior
    assert (family.index, family.low, family.high, family.members) == ("l", 2, "L", ("z", "a"))
    assert list(window.bindings) == ["z[l]", "a[l]", "z[l+1]", "a[l+1]", "J"]
    assert set(window.inputs) == {"a[l-1]", "W[l]", "b[l]", "W[l+1]", "b[l+1]"}
    assert str(window.shape("W[l+1]")) == "(n[l+1], n[l])"
    assert str(window.shape("a[l-1]")) == "(n[l-1],)"
    assert window.bindings["J"].node is build.functional("J", build.ref("a[l+1]", window.shape("a[l+1]")))
    assert window.aliases == {"w^{(l)}": "W[l]", "w^{(l+1)}": "W[l+1]"}


def test_the_ends():
    graph = loads(MLP)
    assert list(graph.family.first.bindings) == ["a[1]", "z[2]", "a[2]", "z[3]", "a[3]", "J"]
    assert "x" in graph.family.first.inputs
    assert list(graph.bindings) == ["z[L]", "a[L]", "J"]
    assert "a[L-1]" in graph.inputs
    assert graph.aliases["o"] == "a[L]"
    assert graph.loss == "J"
    assert warnings(graph) == []


def test_spellings_of_members():
    window = loads(MLP).family.interior
    assert window.latex("z[l+1]") == "z^{(l+1)}"
    assert window.latex("a[l-1]") == "a^{(l-1)}"
    assert window.declarations["n[l-1]"].latex == "n_{l-1}"
    spelled = loads(MLP.replace("f(z[l])", 'f(z[l]) as "a^l"'))
    assert spelled.family.interior.latex("a[l+1]") == "a^{l+1}"
    assert instance(spelled, 3).latex("a[3]") == "a^3"


def test_sizes_of_layers_are_spelled_as_declared():
    graph = loads(MLP.replace("mu   : symbol", 'n[l] : size as "d_l"'))
    assert graph.family.interior.declarations["n[l-1]"].latex == "d_{l-1}"
    assert instance(graph, 3).declarations["n[3]"].latex == "d_3"


def test_an_instance_is_a_network():
    graph = instance(loads(MLP), 4)
    assert list(graph.bindings) == ["a[1]", "z[2]", "a[2]", "z[3]", "a[3]", "z[4]", "a[4]", "J"]
    assert graph.family is None
    assert str(graph.shape("W[4]")) == "(n[4], n[3])"
    assert graph.latex("z[2]") == "z^{(2)}"
    assert graph.aliases["w^{(3)}"] == "W[3]"
    assert graph.aliases["o"] == "a[4]"
    assert set(graph.size_names()) == {"n[1]", "n[2]", "n[3]", "n[4]"}


def test_an_instance_with_numbers():
    graph = instance(loads(MLP.replace("f    : function", "f : function = tanh")), 3, {"n[1]": 2, "n[2]": 4, "n[3]": 3})
    assert graph.shape("W[2]") == (size_of(4), size_of(2))
    rng = np.random.default_rng(0)
    values = {n: rng.normal(size=tuple(s.number for s in d.shape)) for n, d in graph.inputs.items()}
    found = Evaluator(values, {}).run(graph).values
    a = values["x"]
    for layer in (2, 3):
        a = np.tanh(values[f"W[{layer}]"] @ a + values[f"b[{layer}]"])
    assert np.allclose(found["a[3]"], a)
    assert np.isclose(found["J"], 0.5 * np.sum((values["y"] - a) ** 2))


def test_a_family_with_a_number_of_layers_is_a_network():
    graph = loads(MLP.replace("2..L", "2..3").replace("[L]", "[3]"))
    assert graph.family is None
    assert list(graph.bindings)[-1] == "J"
    assert list(graph.bindings) == list(instance(loads(MLP), 3).bindings)


def test_layers_that_read_other_layers():
    graph = loads(
        "x : (d,)\nh[0] = x\nfor t in 1..T:\n    U[t] : (d, d)\n    s[t] = U[t] @ h[t-1]\n"
        "    h[t] = h[t-1] + tanh(s[t])\nE = sum(h[T]**2)"
    )
    assert list(graph.family.interior.bindings) == ["s[t]", "h[t]", "s[t+1]", "h[t+1]", "E"]
    assert list(instance(graph, 2).bindings) == ["h[0]", "s[1]", "h[1]", "s[2]", "h[2]", "E"]


def test_a_deep_instance_is_fast():
    assert len(instance(loads(MLP), 1000).bindings) == 2000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("x    : (n[1],)", "x : (d,)"), "last axis"),
        (("a[1] = x\n", ""), "unknown name 'a[1]'"),
        (("z[l] = W[l]", "z = W[l]"), "no layer index"),
        (("for l in 2..L:", "for l in 2..1:"), "no such layers"),
        (("for l in 2..L:", "for l in L:"), "not a family"),
        (("a[l-1]", "a[l-2]"), "unknown name 'a[0]'"),
        (("a[l-1]", "a[l]"), "a cycle"),
        (("a[L])", "c[L])"), "unknown name 'c[L]'"),
        (("W[l] : (n[l], n[l-1])", "W[k] : (n[k], n[k-1])"), "counts no layers"),
        (("alias o = a[L]", "alias o = c[L]"), "unknown name"),
        (("alias o = a[L]", "for k in 1..K:\n  u[k] = 1"), "second layer family"),
    ],
)
def test_errors(change, words):
    with pytest.raises(DeriveError) as caught:
        loads(MLP.replace(*change))
    assert words in caught.value.message
    assert caught.value.span is not None


def test_a_family_without_lines():
    with pytest.raises(ModelError, match="no lines"):
        loads("x : scalar\nfor l in 2..L:\ny = x")


def test_layers_must_hand_on_what_the_next_one_needs():
    with pytest.raises(ShapeError) as caught:
        loads("x : (n[0],)\na[0] = x\nfor l in 1..L:\n    W[l] : (n[l], n[0])\n    a[l] = W[l] @ a[l-1]\nJ = sum(a[L])")
    assert caught.value.span is not None


def test_depths_that_there_are_not():
    graph = loads(MLP)
    for layers in (1, 0, -3, 100_000):
        with pytest.raises(ModelError, match="outside"):
            instance(graph, layers)
    with pytest.raises(ModelError, match="not a family"):
        instance(loads("x : scalar"), 3)


@pytest.mark.parametrize("name", [n for n in gallery() if load(n).family is not None])
def test_gallery_families_have_consistent_windows(name):
    graph = load(name)
    for window in (graph, graph.family.first, graph.family.interior):
        known = set(window.names)
        assert window.shape(window.loss) == ()
        for users in window.consumers().values():
            assert set(users) <= known
