"""Gradients that are right but for one term.

The difference `r = right - claimed` of a gradient with one wrong term is that term, and a term has a simple form:
proportional to the parameter itself (a regulariser), or the same along one axis, or proportional along one axis
to a forward value (the mean terms of a normalisation, the second term of a softmax). Where both gradients are
short sums of products of the arguments, both are written out and compared term by term.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from derive.gradients.difference import Array
from derive.gradients.local import forward_values
from derive.gradients.locate import Evidence
from derive.gradients.point import wide
from derive.gradients.product_causes import Elsewhere

Answer = tuple[list[str], str]
MOST_ATOMS = 26


def regulariser(evidence: Evidence) -> Answer | None:
    """right - claimed = lambda * parameter (or lambda * its sign)."""
    rest = evidence.numeric - evidence.values
    own = wide(evidence.point.values[evidence.name]).ravel()[evidence.index]
    if own.size < 2:
        return None
    for shape, text in ((own, evidence.name), (np.sign(own), f"sign({evidence.name})")):
        size = float(np.sum(shape * shape))
        if not size or (shape is not own and np.ptp(shape) == 0):
            continue
        factor = float(np.sum(rest * shape)) / size
        term, near = factor * shape, 1e-3 if own.size > 2 else 1e-7  # two numbers are soon in proportion
        if factor and evidence.explains(evidence.values + term) and _sharp(evidence, term, near):
            if factor > 0:
                return (
                    ["regulariser", "missing_term"],
                    f"right except for the term {factor:.6g}*{text}, the gradient of a regulariser, which is missing",
                )
            return (
                ["regulariser", "extra_term"],
                f"right except for the term {-factor:.6g}*{text}, the gradient of a regulariser that f does not have",
            )
    return None


def path(evidence: Evidence) -> Answer | None:
    """right - claimed = c * upstream gradient (or that times a forward value): a path around the layer."""
    upstream = evidence.point.wide_upstream
    if len(upstream) != 1 or not upstream[0].ndim or upstream[0].shape != evidence.shape or evidence.index.size < 3:
        return None
    u = wide(upstream[0])
    rest = evidence.numeric - evidence.values
    for text, value in [("the upstream gradient", u), *((f"upstream*{n}", u * v) for n, v in forward_values(evidence))]:
        atom = value.ravel()[evidence.index]
        size = float(np.sum(atom * atom))
        factor = float(np.sum(rest * atom)) / size if size > 0 else 0.0
        if factor and evidence.explains(evidence.values + factor * atom) and _sharp(evidence, factor * atom):
            shown = text if abs(abs(factor) - 1.0) < 1e-6 else f"{abs(factor):.6g} * {text}"
            if factor > 0:
                return ["missing_term"], f"right except for the term {shown}, a path that is missing"
            return ["extra_term"], f"right except for the term {shown}, which does not belong there"
    return None


def _sharp(evidence: Evidence, term: Array, near: float = 1e-3) -> bool:
    """Whether the rest, too small to be seen beside the gradient, is the term and not just small."""
    rest = evidence.numeric - evidence.values
    off = np.abs(rest - term)
    return bool(np.all(off <= near * np.max(np.abs(rest)) + 10.0 * evidence.error))


def along_axis(evidence: Evidence) -> Answer | None:
    """right - claimed is constant along an axis, or proportional along it to a forward value."""
    if not evidence.complete or len(evidence.shape) == 0:
        return None
    rest = (evidence.numeric - evidence.values).reshape(evidence.shape)
    for axis, size in enumerate(evidence.shape):
        if size < 3:
            continue
        for text, value in _profiles(evidence, axis):
            few = bool(np.any(np.count_nonzero(value, axis=axis) < 3))  # with a factor each, they are anything
            along = None if few else axis
            weight = np.sum(value * value, axis=along, keepdims=True)
            with np.errstate(all="ignore"):
                factor = np.where(weight > 0, np.sum(rest * value, axis=along, keepdims=True) / weight, 0.0)
            term = factor * value
            if evidence.explains(evidence.values + term.ravel()) and _sharp(evidence, term.ravel()):
                return (
                    ["missing_term", "wrong_sign"],
                    f"a term {text} is missing or has the wrong sign (the rest is right)",
                )
    return None


def _profiles(evidence: Evidence, axis: int) -> Iterator[tuple[str, Array]]:
    yield f"that is constant along axis {axis}", np.ones(evidence.shape)
    for name, value in forward_values(evidence):
        if name.startswith("one_hot"):
            yield f"proportional to {name}", value
            continue
        yield f"proportional to {name} along axis {axis}", value
        for over in _with(axis, value.ndim):
            mean = f"mean({name})" if len(over) == 1 else f"mean({name}, axis={over})"
            yield (
                f"proportional to {name} - {mean} along axis {axis}",
                value - np.mean(value, axis=over, keepdims=True),
            )


def _with(axis: int, rank: int) -> Iterator[tuple[int, ...]]:
    """Axes over which a normalisation may take its mean, of which `axis` is one: the axis alone first."""
    others = [k for k in range(rank) if k != axis]
    for count in range(rank):
        for rest in combinations(others, count):
            yield tuple(sorted((axis, *rest)))


# ----- both gradients written out -----


def _atoms(evidence: Evidence) -> dict[str, Array]:
    """Products of forward values (and the upstream gradient) of the group's shape."""
    atoms: dict[str, Array] = {"1": np.ones(evidence.shape)}
    values = list(forward_values(evidence))
    for name, value in values:
        atoms[name] = value
        atoms[f"{name}^2"] = value * value
        atoms[f"{name}^3"] = value**3
    for (first, a), (second, b) in combinations(values, 2):
        atoms[f"{first}*{second}"] = a * b
    upstream = evidence.point.wide_upstream
    if len(upstream) == 1 and upstream[0].ndim and upstream[0].shape == evidence.shape:
        u = wide(upstream[0])
        weighted = {(f"upstream*{k}" if k != "1" else "upstream"): u * v for k, v in atoms.items()}
        for name, value in values:
            for axis in range(u.ndim):
                total = np.sum(u * value, axis=axis, keepdims=True)
                weighted[f"{name}*sum(upstream*{name}, axis={axis})"] = value * total
        atoms = weighted
    measured = {k: v.ravel()[evidence.index] for k, v in atoms.items()}
    kept = {k: v for k, v in measured.items() if np.all(np.isfinite(v)) and np.any(v)}
    return dict(list(kept.items())[:MOST_ATOMS])


def written_out(evidence: Evidence, elsewhere: Elsewhere | None) -> Answer | None:
    """Fit both gradients by at most three products, here and at other points alike; say which term differs."""
    if evidence.index.size < 8:
        return None
    atoms = _atoms(evidence)
    size = float(np.max(np.abs(evidence.numeric)))
    if not size or not np.any(evidence.values):
        return None
    for count in (1, 2, 3):
        for names in combinations(atoms, count):
            basis = np.stack([atoms[n] for n in names], axis=1)
            right = _fitted(basis, evidence.numeric)
            claimed = _fitted(basis, evidence.values)
            if right is None or claimed is None:
                continue
            others = list(elsewhere(evidence)) if elsewhere is not None else []
            if all(_same_formula(other, names, right, claimed) for other in others):
                return _compared(names, right, claimed)
            return None
    return None


def _same_formula(other: Evidence, names: tuple[str, ...], right: Array, claimed: Array) -> bool:
    atoms = _atoms(other)
    if any(name not in atoms for name in names):
        return False
    basis = np.stack([atoms[n] for n in names], axis=1)
    allowed = 1e-6 * float(np.max(np.abs(other.numeric), initial=0.0)) + 10.0 * other.error
    pairs = ((right, other.numeric), (claimed, other.values))
    return all(bool(np.all(np.abs(basis @ c - target) <= allowed)) for c, target in pairs)


def _fitted(basis: Array, target: Array) -> Array | None:
    """The coefficients of an exact fit, or None."""
    norms = np.linalg.norm(basis, axis=0)
    scaled = basis / norms
    gram = scaled.T @ scaled
    if np.linalg.cond(gram) > 1e8:
        return None
    found = np.linalg.solve(gram, scaled.T @ target)
    size = float(np.max(np.abs(target)))
    if float(np.max(np.abs(scaled @ found - target))) > 1e-7 * size:
        return None
    found[np.abs(found) < 1e-6 * np.max(np.abs(found))] = 0.0
    return np.asarray(found / norms)


def _compared(names: tuple[str, ...], right: Array, claimed: Array) -> Answer | None:
    formulas = f"claimed {_formula(names, claimed)}, right {_formula(names, right)}"
    differing = [
        k for k in range(len(names)) if abs(right[k] - claimed[k]) > 1e-5 * max(abs(right[k]), abs(claimed[k]))
    ]
    if len(differing) != 1:
        kinds = ["wrong_operand"] if len(differing) == 2 and len(names) == 2 else ["missing_term", "extra_term"]
        return kinds, f"another formula: {formulas}"
    k = differing[0]
    if claimed[k] == 0.0:
        return ["missing_term"], f"the term {names[k]} is missing: {formulas}"
    if right[k] == 0.0:
        return ["extra_term"], f"the term {names[k]} does not belong there: {formulas}"
    if abs(right[k] + claimed[k]) <= 1e-5 * abs(right[k]):
        return ["wrong_sign"], f"the sign of the term {names[k]} is wrong: {formulas}"
    key = "missing_factor" if abs(claimed[k]) < abs(right[k]) else "extra_factor"
    return [key], f"the factor of the term {names[k]} is wrong: {formulas}"


def _formula(names: tuple[str, ...], coefficients: Array) -> str:
    terms = [_term(float(c), n) for c, n in zip(coefficients, names, strict=True) if c]
    return " + ".join(terms).replace("+ -", "- ") or "0"


def _term(coefficient: float, name: str) -> str:
    if name == "1":
        return f"{coefficient:.6g}"
    if abs(abs(coefficient) - 1.0) < 1e-6:
        return name if coefficient > 0 else f"-{name}"
    return f"{coefficient:.6g}*{name}"
