"""The public classes: plain data with methods.

    g = derive.loads(text)      Graph: a model
    d = g.backprop("L")         Derivation: every partial derivative of the loss
    d["W_1"].latex()            Partial: one of them

A method is one call of the layer that does the work; nothing below imports this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from derive import model
from derive.builder import Builder
from derive.calculus import derivation as calculus
from derive.calculus.reverse import backprop, scalar_loss
from derive.calculus.shared_parameters import whole
from derive.codegen import lambdify, source
from derive.codegen.forward import forward
from derive.differentiation import Differentiable, TwiceDifferentiable
from derive.errors import UnknownNameError, did_you_mean
from derive.gradients import model_check
from derive.gradients.against import check_against
from derive.gradients.gradient_report import GradientReport
from derive.gradients.model_report import ModelReport
from derive.ir import graph as ir
from derive.judging.verdict import Verdict
from derive.model.family import instance
from derive.notation import document
from derive.notation.sympy_form import equation_latex
from derive.operators import Value, known_name, name_in
from derive.partial import Partial
from derive.report.derivation import backward_sections, forward_sections, pairs, plain_text, style_of, view_of
from derive.verification.verify import Options, verify_formula


def load(name_or_path: str | Path) -> Graph:
    """The gallery model of that name, or the model in that file.

    Raises ModelError, UnknownNameError or ShapeError, with the place in the text.
    """
    return Graph.of(model.load(name_or_path))


def loads(text: str, *, name: str = "model", file: str | None = None) -> Graph:
    """The model that a text describes; `file` is how error messages call the text. Raises what `load` raises."""
    return Graph.of(model.loads(text, name=name, file=file))


class Graph(Builder, Differentiable):
    """A model: declared inputs, and bindings that are computed from them in order.

    Read one with `derive.load`, `derive.loads` or `Graph.from_sympy`, or build one:

        g = Graph("layer")
        X, W, b = g.input("X", "m n"), g.input("W", "n k"), g.input("b", "k")
        Z = g.let("Z", X @ W + b)
        L = g.let("L", derive.mean(derive.sigmoid(Z)))

    `data` is the plain graph underneath.
    """

    def __init__(self, name: str = "model", *, title: str = "") -> None:
        self.data = ir.ComputationGraph(name=name, title=title)

    @classmethod
    def of(cls, data: ir.ComputationGraph) -> Graph:
        """The public face of a plain graph."""
        graph = cls.__new__(cls)
        graph.data = data
        return graph

    @classmethod
    def from_sympy(
        cls,
        definitions: Any,
        *,
        name: str = "model",
        loss: Any = None,
        facts: Mapping[Any, Sequence[str]] | None = None,
    ) -> Graph:
        """A model from SymPy: `{z: w*x + b, a: 1/(1 + exp(-z)), ...}`, a list of equations, or the loss alone.

        Scalars, matrix expressions, and entries: `{z[i]: Sum(W[i, j]*x[j], (j, 0, n - 1))}`. Every symbol that is not
        defined is an input, `facts` are assumptions of inputs. Raises ModelError, ShapeError and UnsupportedError.
        """
        made = model.from_sympy(definitions, name=name, loss=loss, facts=facts)
        return cls.of(made if loss is None else made.with_loss(scalar_loss(made, made.loss)))

    # ------------------------------------------------------------------------------------- looking

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.data.name

    @property
    def title(self) -> str:
        """One line about the model."""
        return self.data.title

    @property
    def loss(self) -> str | None:
        """The binding that `backprop` starts from if no other is named."""
        return self.data.loss

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, in order."""
        return list(self.data.inputs)

    @property
    def bindings(self) -> list[str]:
        """The names of the bindings, in order."""
        return list(self.data.bindings)

    @property
    def is_family(self) -> bool:
        """Whether the model is a family of layers; `instance` makes a network of it."""
        return self.data.family is not None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.data.aliases.get(name, name) in self.data

    def __getitem__(self, name: Any) -> Value:
        return Value(self.data.ref(known_name(self.data, name)))

    def __repr__(self) -> str:
        return f"<Graph {self.name}: {len(self.inputs)} inputs, {len(self.bindings)} bindings>"

    def latex(self, view: str | None = None, **style: Any) -> str:
        """The forward formulas as LaTeX; options as for `Derivation.latex`."""
        return document(pairs(forward_sections(self.data, view_of(view), style_of(self.data, style))))

    def unicode(self, view: str | None = None, **style: Any) -> str:
        """The forward formulas for a terminal; options as for `Derivation.latex`."""
        return plain_text(forward_sections(self.data, view_of(view), style_of(self.data, style)))

    def _repr_latex_(self) -> str:
        return document(pairs(forward_sections(self.data)), environment="aligned")

    # ----------------------------------------------------------------------------------- computing

    def instance(self, layers: int, sizes: Mapping[str, int] | None = None) -> Graph:
        """The network of a family with that many layers. Raises ModelError for a depth the family does not have."""
        return Graph.of(instance(self.data, layers, sizes))

    def backprop(self, loss: Any = None) -> Derivation:
        """All partial derivatives of a scalar binding, by default the loss.

        Raises ModelError if there is no such binding, ShapeError if it is not scalar.
        """
        return Derivation(backprop(self.data, None if loss is None else name_in(self.data, loss)))

    def evaluate(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> dict[str, Any]:
        """The value of every binding for given inputs, as NumPy arrays: `g.evaluate(x=0.5)`.

        Raises ModelError and ShapeError for inputs that are missing, unknown or do not fit.
        """
        return forward(self.data, {**(values or {}), **named})

    def check(self, *, points: int = 3, loss: str | None = None, seed: int = 0) -> ModelReport:
        """Compare derived gradients, closed forms and emitted code with finite differences at drawn points."""
        return model_check.check(self.data, points=points, loss=loss, seed=seed)

    def check_against(self, code: Any, *, points: int = 3, loss: str | None = None, seed: int = 0) -> GradientReport:
        """Judge code written by hand: every gradient it returns, and its value, against those of the model.

        `code` is a function of the inputs, by name or in order, that returns gradients (a dict by name, a tuple in the
        order of its parameters) or `(value, gradients)`; or a layer with forward and backward, or a pair of functions.
        """
        return check_against(self.data, code, points=points, loss=loss, seed=seed)

    def claim(self, formula: Any, *, proved: bool = False, repair: bool = True) -> Verdict:
        """Is this formula right? LaTeX, Unicode mathematics or plain text (`dL/dW = X.T @ r`) about names of the model.

        The verdict tells where it breaks, the smallest repair, and numbers that show it. `repair=False` judges without
        looking for a repair, which for a false formula is most of the time. A SymPy `Eq` is judged as SymPy prints it.
        Never raises for a text.
        """
        formula = formula if isinstance(formula, str) else equation_latex(formula)
        options = Options(level="proved" if proved else "any", repairs=repair)
        return verify_formula(formula, self.data, options=options).results[0]


class Derivation(TwiceDifferentiable):
    """All partial derivatives of one scalar, by name: `d["W_1"]`. Iterating gives the names, loss first."""

    def __init__(self, data: calculus.Adjoints) -> None:
        self.data = data

    @property
    def loss(self) -> str:
        """The name of what is differentiated."""
        return self.data.loss

    @property
    def graph(self) -> Graph:
        """The model."""
        return Graph.of(self.data.graph)

    @cached_property
    def gradient(self) -> Graph:
        """The model with a binding `∂L/∂z` for every derivative: a graph again, to be differentiated again."""
        self._whole()
        return Graph.of(self.data.gradient)

    def __getitem__(self, name: Any) -> Partial:
        known = self.data.graph.aliases.get(name := name_in(self.data.graph, name), name)
        if known not in self.data.steps:
            raise UnknownNameError(f"{self.data.graph.name} has no {name!r}", hint=did_you_mean(name, self.data.steps))
        return Partial(self, known)

    def __iter__(self) -> Iterator[str]:
        return iter(self.data.steps)

    def __len__(self) -> int:
        return len(self.data.steps)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.data.steps

    def __repr__(self) -> str:
        return f"<Derivation of {self.loss}: {len(self)} partial derivatives>"

    def latex(self, wrt: Sequence[str] | None = None, view: str | None = None, **style: Any) -> str:
        """The derivation as LaTeX: chain, factors and closed form of every derivative, or of those in `wrt`.

        `view` is "scalar", "index" or "matrix". Further options: `adjoint` ("partial", "delta", "d"), `transpose`
        ("top", "T"), `hadamard` ("circ", "odot"), `derivative` ("partial", "d"), `order` ("outer", "inner"), `limits`.
        """
        return document(pairs(backward_sections(self.data, view_of(view), style_of(self.data.graph, style), wrt)))

    def unicode(self, wrt: Sequence[str] | None = None, view: str | None = None, **style: Any) -> str:
        """The derivation for a terminal; options as for `latex`."""
        return plain_text(backward_sections(self.data, view_of(view), style_of(self.data.graph, style), wrt))

    def source(self, wrt: Sequence[Any] | None = None) -> str:
        """A NumPy module that computes the loss and its gradients; `wrt` names inputs or bindings."""
        wrt = self._names(wrt)
        self._whole(wrt)
        return source(self.data, wrt=wrt)

    def lambdify(self, wrt: Sequence[Any] | None = None, **options: Any) -> Callable[..., Any]:
        """A function of the inputs that returns the loss and a dict of gradients, by default of every input.

        Inputs are given by name, or in the order of `graph.inputs`; options as for `derive.codegen.lambdify`.
        """
        wrt = self._names(wrt)
        self._whole(wrt)
        return lambdify(self.data, wrt=wrt, **options)

    def _names(self, wrt: Any) -> list[str] | None:
        listed = wrt if wrt is None or isinstance(wrt, list | tuple) else [wrt]
        return None if listed is None else [name_in(self.data.graph, name) for name in listed]

    def _whole(self, names: Sequence[str] | None = None) -> None:
        """UnsupportedError for a name, by default any, that the windows of a family show in parts only."""
        for name in self.data.graph.names if names is None else [names] if isinstance(names, str) else names:
            whole(self.data.graph, name)

    def _repr_latex_(self) -> str:
        return document(pairs(backward_sections(self.data)), environment="aligned")
