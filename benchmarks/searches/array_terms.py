"""Random expressions, continued: products, reductions, matrices and losses."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np

from benchmarks.searches.expressions import Kinds, Shape, Term, Terms, Values, called, lengths
from benchmarks.searches.oracle import ALONG, REDUCTIONS, cross, inverse, log_abs_det, log_softmax, margins, sigmoid


class ArrayTerms(Terms):
    """Draws expressions of every kind."""

    def kinds(self) -> Kinds:
        """Elementwise operations and those on whole arrays."""
        return [
            *super().kinds(),
            *((self._product, 3), (self._reduced, 5), (self._along, 1.5), (self._turned, 1)),
            *((self._square_matrix, 1.5), (self._loss_function, 0.5)),
        ]

    def _product(self, depth: int) -> Term | None:
        a, b = self.term(depth), self.term(depth)
        if not a.shape or not b.shape:
            return None
        if len(a.shape) == len(b.shape) == 1 and self.rng.random() < 0.5:
            return called(f"outer({a.text}, {b.text})", a.shape + b.shape, lambda v: anp.outer(a.run(v), b.run(v)))
        if a.shape == b.shape and self.rng.random() < 0.3:
            name = self.rng.choice(["inner", "vdot"])
            return called(f"{name}({a.text}, {b.text})", (), lambda v: anp.sum(a.run(v) * b.run(v)))
        if len(a.shape) > 2 or len(b.shape) > 2:
            return None
        turned = len(b.shape) == 2 and self.rng.random() < 0.4
        wanted = b.shape[::-1] if turned else b.shape
        if a.shape[-1] != wanted[0]:
            return None
        right = f"{b.operand}.T" if turned else b.operand

        def run(v: Values) -> Any:
            return anp.dot(a.run(v), anp.transpose(b.run(v)) if turned else b.run(v))

        shape = a.shape[:-1] + wanted[1:]
        if self.rng.random() < 0.15:
            return called(f"{self.rng.choice(['dot', 'matmul'])}({a.text}, {right})", shape, run)
        return Term(f"{a.operand} @ {right}", shape, run)

    def _axes(self, shape: Shape) -> tuple[Any, bool, Shape]:
        """Axes to reduce over, whether they are kept with length 1, and the shape after it."""
        rng, rank = self.rng, len(shape)
        axis: Any = None
        if rank and rng.random() < 0.7:
            axis = rng.randrange(rank) - (rank if rng.random() < 0.3 else 0)
            if rank > 1 and rng.random() < 0.25:
                axis = tuple(sorted(rng.sample(range(rank), 2)))
        gone = set(range(rank)) if axis is None else {a % rank for a in (axis if isinstance(axis, tuple) else (axis,))}
        keep = rng.random() < 0.4
        after = [1 if k in gone else size for k, size in enumerate(shape) if keep or k not in gone]
        return axis, keep, tuple(after)

    @staticmethod
    def _options(axis: Any, keep: bool) -> str:
        return (f", axis={axis}" if axis is not None else "") + (", keepdims=True" if keep else "")

    def _reduced(self, depth: int) -> Term:
        a = self.term(depth)
        name, function = self.rng.choice(REDUCTIONS)
        axis, keep, shape = self._axes(a.shape)
        text = f"{name}({a.text}{self._options(axis, keep)})"
        return called(text, shape, lambda v: function(a.run(v), axis, keep))

    def _along(self, depth: int) -> Term | None:
        a = self.term(depth)
        if not a.shape:
            return None
        name, function = self.rng.choice(ALONG)
        axis = self.rng.choice([None, *range(len(a.shape))])
        chosen = -1 if axis is None else axis
        text = f"{name}({a.text}{'' if axis is None else f', axis={axis}'})"
        return called(text, a.shape, lambda v: function(a.run(v), chosen))

    def _turned(self, depth: int) -> Term | None:
        a = self.term(depth)
        if len(a.shape) == 3 and self.rng.random() < 0.5:
            axes = tuple(self.rng.sample(range(3), 3))
            shape = tuple(a.shape[k] for k in axes)
            return called(f"transpose({a.text}, {axes})", shape, lambda v: anp.transpose(a.run(v), axes))
        if len(a.shape) < 2:
            return None
        return called(f"{a.operand}.T", a.shape[::-1], lambda v: anp.transpose(a.run(v)))

    def _square_matrix(self, depth: int) -> Term | None:
        a = self.term(depth)
        if len(a.shape) == 1:
            return called(f"diag({a.text})", a.shape * 2, lambda v: anp.diag(a.run(v)))
        if len(a.shape) != 2:
            return None
        if a.shape[0] != a.shape[1]:
            b, size = a, a.shape[0]
            a = Term(f"{b.operand} @ {b.operand}.T", (size, size), lambda v: anp.dot(b.run(v), anp.transpose(b.run(v))))
        name = self.rng.choice(["trace", "diag", "inv", "det", "logdet"])
        if name == "trace":
            return called(f"trace({a.text})", (), lambda v: anp.trace(a.run(v)))
        if name == "diag":
            return called(f"diag({a.text})", a.shape[:1], lambda v: anp.diag(a.run(v)))
        size, (length, _) = a.shape[0], lengths(a.shape)
        moved = Term(f"{a.operand} + 2*eye({size})", a.shape, lambda v: a.run(v) + 2 * np.eye(length))
        function = {"inv": inverse, "det": anp.linalg.det, "logdet": log_abs_det}[name]

        def run(v: Values) -> Any:
            value = moved.run(v)
            if isinstance(value, np.ndarray):
                margins.watch(np.float64(10 / np.linalg.cond(value)))
            return function(value)

        return called(f"{name}({moved.text})", a.shape if name == "inv" else (), run)

    def _loss_function(self, depth: int) -> Term | None:
        a, b = self.term(depth), self.term(depth)
        if a.shape != b.shape:
            return None
        name = self.rng.choice(["mse", "mse_loss", "squared_error", "bce", "binary_cross_entropy", "cross_entropy"])
        if name in ("bce", "binary_cross_entropy"):
            return called(f"{name}(sigmoid({a.text}), {b.text})", (), lambda v: cross(sigmoid(a.run(v)), b.run(v)))
        if name == "cross_entropy":
            if not a.shape:
                return None
            return called(
                f"cross_entropy({a.text}, {b.text})",
                (),
                lambda v: -anp.mean(anp.sum(b.run(v) * log_softmax(a.run(v), -1), axis=-1)),
            )
        return called(f"{name}({a.text}, {b.text})", (), lambda v: anp.mean((a.run(v) - b.run(v)) ** 2))
