r"""The Fisher information of a distribution in its parameters, for independent observations.

    I_z  =  E_{y ~ p(y | z)} [ (d log p / dz) (d log p / dz)^T ]

    normal         mean 1/s^2,  variance 1/(2 s^4),  std 2/s^2          the two parameters share none
    bernoulli      probs 1/(p (1 - p)),  logits p (1 - p)
    categorical    probs diag(1/p),  logits diag(p) - p p^T             along the last axis
    poisson        rate 1/r,  log_rate r
    exponential    rate 1/r^2,  log_rate 1

What is information entry by entry stands on the diagonal: one observation knows nothing of the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from derive.errors import ModelError, ShapeError, UnknownNameError, did_you_mean
from derive.ir import build
from derive.ir.graph import ComputationGraph
from derive.ir.node import Node, substitute
from derive.ir.size import show_shape
from derive.ops.tensors import softmax

Given = Mapping[str, Node]
Information = Callable[[Given, str], Node]

_CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*\Z")
_ARGUMENT = re.compile(r"\s*(\w+)\s*=\s*(\S.*?)\s*\Z")
_NUMBER = re.compile(r"\d{1,30}(\.\d{1,30})?")
_MEAN_AND_SPREAD = (("mean",), ("mean", "variance"), ("mean", "std"))


@dataclass(frozen=True)
class Distribution:
    """A distribution with values for its parameters: nodes in names of a model, or numbers."""

    name: str
    given: tuple[tuple[str, Node], ...]

    def information(self, graph: ComputationGraph) -> tuple[tuple[str, Node], ...]:
        """For each parameter that is a name of the model, its Fisher information, of that shape twice."""
        rules = _FAMILIES[self.name]
        outputs = {binding.node: graph.ref(name) for name, binding in graph.bindings.items() if binding.node.args}
        found = []
        for parameter, node in self.given:
            if node.op == "ref":
                made = rules[parameter](dict(self.given), parameter)
                found.append((node.name, substitute(made, outputs)))
        return tuple(found)


def distribution(text: str, graph: ComputationGraph) -> Distribution:
    """The distribution that `bernoulli(logits=z)` or `normal(mean=z, std=0.1)` names, in names of the model.

    Raises ModelError and UnknownNameError for what is no such text, ShapeError for parameters that do not fit.
    """
    call = _CALL.match(text)
    if call is None:
        raise ModelError(f"{text!r} is no distribution", hint="write it as in 'bernoulli(logits=z)'")
    name, inside = call.groups()
    if name not in _FAMILIES:
        known = ", ".join(_FAMILIES)
        raise UnknownNameError(
            f"unknown distribution {name!r}", hint=did_you_mean(name, _FAMILIES) or f"there are {known}"
        )
    given: dict[str, Node] = {}
    for part in inside.split(","):
        argument = _ARGUMENT.match(part)
        if argument is None or argument[1] not in _FAMILIES[name] or argument[1] in given:
            raise ModelError(f"{part.strip()!r} is no parameter of {name}", hint=_how(name))
        given[argument[1]] = _value(argument[2], graph)
    if tuple(given) not in _COMBINATIONS.get(name, [(parameter,) for parameter in _FAMILIES[name]]):
        raise ModelError(f"{name} does not have {' and '.join(given)} together", hint=_how(name))
    shapes = [node.shape for node in given.values() if node.shape]
    if any(shape != shapes[0] for shape in shapes):
        both = " and ".join(map(show_shape, shapes))
        raise ShapeError(f"the parameters of {name} have shapes {both}", hint="give them one shape, or a number")
    if all(node.op != "ref" for node in given.values()):
        raise ModelError(f"no parameter of {name} is a name of {graph.name}", hint=_how(name))
    return Distribution(name, tuple(given.items()))


def _value(text: str, graph: ComputationGraph) -> Node:
    if _NUMBER.fullmatch(text):
        return build.number(Fraction(text))
    name = graph.aliases.get(text, text)
    if name not in graph:
        hint = did_you_mean(text, graph.names) or "a parameter is a name of the model or a number"
        raise UnknownNameError(f"{graph.name} has no {text!r}", hint=hint)
    return graph.ref(name)


def _how(name: str) -> str:
    combinations = _COMBINATIONS.get(name, [(parameter,) for parameter in _FAMILIES[name]])
    return "write " + " or ".join(f"{name}({', '.join(f'{p}=...' for p in names)})" for names in combinations)


# ----------------------------------------------------------------------------------------- the table


def _each(rule: Callable[[Given], Node]) -> Information:
    """Information entry by entry: on the diagonal; a number that all entries share has the sum of theirs."""

    def made(given: Given, parameter: str) -> Node:
        own = given[parameter]
        entries = build.mul(rule(given), build.ones(max((node.shape for node in given.values()), key=len)))
        if not own.shape:
            return build.sum_over(entries)
        axes = tuple(range(len(own.shape)))
        return build.contract([axes], axes + axes, [entries], own.shape + own.shape)

    return made


def _categorical(by_logits: bool) -> Information:
    """diag(1/p), or diag(p) - p p^T along the last axis, observations apart along the others."""

    def made(given: Given, parameter: str) -> Node:
        z = given[parameter]
        if not z.shape:
            raise ShapeError(f"the {parameter} of a categorical distribution are a scalar", hint="they need an axis")
        rank = len(z.shape)
        axes, last = tuple(range(rank)), rank
        p = softmax(z) if by_logits else build.div(build.number(1), z)
        apart = build.contract([axes], axes + axes, [p], z.shape + z.shape)
        if not by_logits:
            return apart
        other = (*axes[:-1], last)
        return build.sub(apart, build.contract([axes, other], axes + other, [p, p], z.shape + z.shape))

    return made


def _spread(given: Given) -> Node:
    """The variance of a normal distribution."""
    if "std" in given:
        return build.power(given["std"], build.number(2))
    return given.get("variance", build.number(1))


def _bernoulli_logits(given: Given) -> Node:
    p = build.call("sigmoid", given["logits"])
    return build.mul(p, build.sub(build.number(1), p))


def _one_over(*factors: Node) -> Node:
    return build.div(build.number(1), build.mul(*factors))


_FAMILIES: Mapping[str, Mapping[str, Information]] = {
    "normal": {
        "mean": _each(lambda g: _one_over(_spread(g))),
        "variance": _each(lambda g: _one_over(build.number(2), g["variance"], g["variance"])),
        "std": _each(lambda g: build.div(build.number(2), build.mul(g["std"], g["std"]))),
    },
    "bernoulli": {
        "probs": _each(lambda g: _one_over(g["probs"], build.sub(build.number(1), g["probs"]))),
        "logits": _each(_bernoulli_logits),
    },
    "categorical": {"probs": _categorical(False), "logits": _categorical(True)},
    "poisson": {
        "rate": _each(lambda g: _one_over(g["rate"])),
        "log_rate": _each(lambda g: build.call("exp", g["log_rate"])),
    },
    "exponential": {
        "rate": _each(lambda g: _one_over(g["rate"], g["rate"])),
        "log_rate": _each(lambda _: build.number(1)),
    },
}
_COMBINATIONS: Mapping[str, tuple[tuple[str, ...], ...]] = {"normal": _MEAN_AND_SPREAD}
