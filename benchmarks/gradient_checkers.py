"""derive beside the gradient checkers of today, on right and on wrong layers.

    python benchmarks/gradient_checkers.py [-o benchmarks/gradient_checkers.md]

Every tool that can be imported gets the same problems, with its own default tolerances: the layers of
tests/gradients/layers.py right, in float64 and float32 and at scales from 1e-8 to 1e8 (a refusal is a false refusal),
and with every fault of tests/gradients/faults.py planted (an acceptance is a false acceptance). A problem is a function
of NumPy arrays with one flat output and its vector-Jacobian product. Tools: torch, jax, autograd, SciPy, PyTensor.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from derive.gradients.gradient import check_gradient
from tests.gradients.faults import every_fault
from tests.gradients.faulty import dressed
from tests.gradients.layers import ALL, drawn, scaled, styled

Verdict = str  # "accepts" | "refuses" | "undecided"


@dataclass(frozen=True)
class Problem:
    """f(*args) is a vector, vjp(u, *args) a tuple with one gradient per argument."""

    label: str
    kind: str
    right: bool
    scale: float
    f: Callable[..., Any]
    vjp: Callable[..., Any]
    args: tuple[Any, ...]


# ----- the problems -----


def problem(label: str, kind: str, right: bool, scale: float, made: Callable[[], Any], stateful: bool) -> Problem:
    """A layer in any style as a function of its floating-point arrays; a stateful one keeps its object."""
    layer, given = made()
    functions = isinstance(layer, tuple)
    names = [] if functions else list(_held(layer))
    inputs = [k for k, value in enumerate(given) if value.dtype.kind == "f"]
    args = tuple(given[k] for k in inputs) + tuple(_held(layer)[n].copy() for n in names)

    def ready(arrays: Any) -> Any:
        placed = list(given)
        for k, array in zip(inputs, arrays, strict=False):
            placed[k] = np.array(array)
        if functions:
            return layer, placed
        thing = layer if stateful else made()[0]
        for name, array in zip(names, arrays[len(inputs) :], strict=True):
            _place(thing, name, np.array(array))
        return thing, placed

    def run(arrays: Any, upstream: Any) -> Any:
        thing, placed = ready(arrays)
        value = thing[0](*placed) if functions else thing.forward(*placed)
        parts = value if isinstance(value, tuple) else (value,)
        cache, parts = (parts[-1], parts[:-1]) if functions else (None, parts)
        if upstream is None:
            return np.concatenate([np.ravel(p) for p in parts])
        pieces = np.split(np.asarray(upstream), np.cumsum([np.size(p) for p in parts])[:-1])
        ups = [u.reshape(np.shape(p)) if np.ndim(p) else u[0] for u, p in zip(pieces, parts, strict=True)]
        back = thing[1](*ups, cache) if functions else thing.backward(*ups)
        returned = [] if back is None else list(back) if isinstance(back, tuple) else [back]
        stored = [] if functions else [_gradient(thing, name) for name in names]
        return (*returned, *stored)

    return Problem(label, kind, right, scale, lambda *a: run(a, None), lambda u, *a: run(a, u), args)


def _held(layer: Any) -> dict[str, Any]:
    return layer.params if hasattr(layer, "params") else {name: getattr(layer, name) for name in layer.names}


def _place(layer: Any, name: str, value: Any) -> None:
    if hasattr(layer, "params"):
        layer.params[name] = value
    else:
        setattr(layer, name, value)


def _gradient(layer: Any, name: str) -> Any:
    return np.array(layer.grads[name] if hasattr(layer, "grads") else getattr(layer, f"d{name}"))


def right_problems() -> Iterator[Problem]:
    for name, layer in ALL.items():
        for dtype in (np.float64, np.float32):
            for scale in (1.0, 1e-8, 1e8):
                kind = f"{np.dtype(dtype).name}, {'scale 1' if scale == 1.0 else 'scales 1e-8, 1e8'}"

                def made(layer: Any = layer, scale: float = scale, dtype: Any = dtype) -> Any:
                    return styled(scaled(layer, scale), "functions", *drawn(layer, 3, dtype))

                yield problem(f"{name}, {scale:g}, {np.dtype(dtype).name}", kind, True, scale, made, False)


def wrong_problems() -> Iterator[Problem]:
    for seed, fault in enumerate(every_fault()):

        def made(fault: Any = fault, seed: int = seed) -> Any:
            return dressed(fault, seed)

        yield problem(fault.label, fault.kind, False, fault.scale, made, bool(fault.stateful))


# ----- the tools -----


def with_derive(p: Problem) -> Verdict:
    verdict = check_gradient(p.f, p.vjp, *p.args, wrt=list(range(len(p.args)))).verdict
    return {"true": "accepts", "false": "refuses"}.get(verdict, "undecided")


def torch_tool(fast: bool) -> Callable[[Problem], Verdict]:
    import torch

    def check(p: Problem) -> Verdict:
        class Wrapped(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *tensors: Any) -> Any:
                ctx.save_for_backward(*tensors)
                return torch.from_numpy(p.f(*(t.detach().numpy() for t in tensors)))

            @staticmethod
            def backward(ctx: Any, upstream: Any) -> Any:
                arrays = (t.detach().numpy() for t in ctx.saved_tensors)
                return tuple(torch.from_numpy(np.array(g)) for g in p.vjp(upstream.numpy(), *arrays))

        tensors = tuple(torch.from_numpy(np.array(a)).requires_grad_() for a in p.args)
        passed = torch.autograd.gradcheck(Wrapped.apply, tensors, fast_mode=fast, raise_exception=False)
        return "accepts" if passed else "refuses"

    return check


def jax_tool() -> Callable[[Problem], Verdict]:
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def check(p: Problem) -> Verdict:
        shape = jax.ShapeDtypeStruct(p.f(*p.args).shape, p.args[0].dtype)
        shapes = tuple(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in p.args)

        @jax.custom_vjp
        def f(*args: Any) -> Any:
            return jax.pure_callback(lambda *a: p.f(*map(np.asarray, a)), shape, *args)

        def backward(args: Any, upstream: Any) -> Any:
            return jax.pure_callback(lambda u, *a: p.vjp(np.asarray(u), *map(np.asarray, a)), shapes, upstream, *args)

        f.defvjp(lambda *args: (f(*args), args), backward)
        check_grads(f, p.args, order=1, modes=["rev"])
        return "accepts"

    return check


def autograd_tool() -> Callable[[Problem], Verdict]:
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(p: Problem) -> Verdict:
        f = primitive(p.f)
        defvjp(f, *[lambda _, *args, k=k: lambda u: p.vjp(u, *args)[k] for k in range(len(p.args))])
        for k in range(len(p.args)):  # by default it looks at argument 0 only
            check_grads(lambda a, k=k: f(*p.args[:k], a, *p.args[k + 1 :]), modes=["rev"], order=1)(p.args[k])
        return "accepts"

    return check


def scipy_tool() -> Callable[[Problem], Verdict]:
    """SciPy returns a norm and leaves the judgement to the reader: here 1e-5 of the gradient's norm, or 1e-5."""
    from scipy.optimize import check_grad

    def check(p: Problem) -> Verdict:
        weight = np.random.default_rng(0).normal(size=p.f(*p.args).shape)
        sizes = np.cumsum([a.size for a in p.args])[:-1]

        def split(x: Any) -> Any:
            parts = np.split(x, sizes)
            return [v.reshape(a.shape).astype(a.dtype) for v, a in zip(parts, p.args, strict=True)]

        def gradient(x: Any) -> Any:
            return np.concatenate([np.ravel(g) for g in p.vjp(weight.astype(p.args[0].dtype), *split(x))])

        x = np.concatenate([a.ravel() for a in p.args])
        error = check_grad(lambda x: float(weight @ p.f(*split(x))), gradient, x)
        return "accepts" if error <= 1e-5 * max(1.0, float(np.linalg.norm(gradient(x)))) else "refuses"

    return check


def pytensor_tool() -> Callable[[Problem], Verdict]:
    import pytensor
    import pytensor.tensor as pt
    from pytensor.gradient import verify_grad
    from pytensor.graph.basic import Apply
    from pytensor.graph.op import Op

    pytensor.config.mode = "FAST_COMPILE"
    pytensor.config.cxx = ""

    def check(p: Problem) -> Verdict:
        class Backward(Op):
            __props__ = ()

            def make_node(self, *inputs: Any) -> Any:
                return Apply(self, list(inputs), [v.type() for v in inputs[1:]])

            def perform(self, _node: Any, inputs: Any, outputs: Any) -> None:
                for cell, value in zip(outputs, p.vjp(*inputs), strict=True):
                    cell[0] = np.asarray(value)

        class Forward(Op):
            __props__ = ()

            def make_node(self, *inputs: Any) -> Any:
                inputs = [pt.as_tensor_variable(v) for v in inputs]
                return Apply(self, inputs, [pt.vector(dtype=p.args[0].dtype)])

            def perform(self, _node: Any, inputs: Any, outputs: Any) -> None:
                outputs[0][0] = p.f(*inputs)

            def grad(self, inputs: Any, upstream: Any) -> Any:
                found = Backward()(upstream[0], *inputs)
                return found if isinstance(found, list) else [found]

            def pullback(self, inputs: Any, _outputs: Any, upstream: Any) -> Any:
                return self.grad(inputs, upstream)

        verify_grad(Forward(), list(p.args), rng=np.random.default_rng(0))
        return "accepts"

    return check


TOOLS: dict[str, Callable[[], Callable[[Problem], Verdict]]] = {
    "derive": lambda: with_derive,
    "torch gradcheck": lambda: torch_tool(fast=False),
    "torch gradcheck, fast mode": lambda: torch_tool(fast=True),
    "jax check_grads": jax_tool,
    "autograd check_grads": autograd_tool,
    "SciPy check_grad": scipy_tool,
    "PyTensor verify_grad": pytensor_tool,
}


# ----- the table -----


@dataclass
class Count:
    right: int = 0
    refused: int = 0
    wrong: int = 0
    accepted: int = 0
    at_one: int = 0
    """Accepted although all numbers are near 1."""
    undecided: int = 0
    seconds: float = 0.0


def judged(tool: Callable[[Problem], Verdict], p: Problem) -> Verdict:
    """A tool refuses by its return value or by an exception of any kind."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return tool(p)
    except Exception:
        return "refuses"


def measure(tool: Callable[[Problem], Verdict], problems: list[Problem], missed: list[str]) -> Count:
    count = Count()
    for p in problems:
        start = time.process_time()
        verdict = judged(tool, p)
        count.seconds += time.process_time() - start
        count.undecided += verdict == "undecided"
        if p.right:
            count.right += 1
            count.refused += verdict == "refuses"
        else:
            count.wrong += 1
            count.accepted += verdict == "accepts"
            count.at_one += verdict == "accepts" and p.scale == 1.0
            if verdict == "accepts":
                missed.append(p.kind)
    return count


def table(rows: dict[str, Count], refused: dict[str, dict[str, int]], missed: dict[str, list[str]]) -> str:
    some = next(iter(rows.values()))
    lines = [
        "# Gradient checkers",
        "",
        f"{some.wrong} wrong and {some.right} right layers, every tool with its defaults; made by "
        '`python benchmarks/gradient_checkers.py`. "Wrong" holds every kind of diagnosis at scales from 1e-8 to 1e8;',
        "absolute tolerances accept small faults and refuse right float32. Times are those of the processor and "
        "include naming the fault.",
        "",
        "| tool | wrong, accepted | of these at scale 1 | right, refused | undecided | ms per check |",
        "|---|---|---|---|---|---|",
    ]
    for name, c in rows.items():
        share = f"{c.accepted} of {c.wrong} ({100 * c.accepted / c.wrong:.0f} %)"
        against = f"{c.refused} of {c.right} ({100 * c.refused / c.right:.0f} %)"
        each = 1e3 * c.seconds / (c.wrong + c.right)
        lines.append(f"| {name} | {share} | {c.at_one} | {against} | {c.undecided} | {each:.1f} |")
    kinds = list(next(iter(refused.values())))
    lines += ["", "Right layers refused, by precision and scale:", "", f"| tool | {' | '.join(kinds)} |"]
    lines.append("|---" * (len(kinds) + 1) + "|")
    for name, by_kind in refused.items():
        lines.append(f"| {name} | {' | '.join(str(by_kind[k]) for k in kinds)} |")
    lines += ["", "Wrong layers accepted, by kind of fault:", ""]
    for name, kinds_missed in missed.items():
        counted = sorted({k: kinds_missed.count(k) for k in kinds_missed}.items(), key=lambda item: -item[1])
        lines.append(f"- {name}: {', '.join(f'{k} {n}' for k, n in counted) or 'none'}")
    return "\n".join(lines) + "\n"


def network(sizes: tuple[int, ...]) -> tuple[Callable[..., Any], Callable[..., Any], list[Any]]:
    """Dense layers with sigmoids, its vector-Jacobian product by hand, and its parameters."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, sizes[0]))
    parameters: list[Any] = []
    for n, k in pairwise(sizes):
        parameters += [rng.normal(size=(n, k)) / np.sqrt(n), rng.normal(size=k)]

    def forward(parameters: Any) -> list[Any]:
        values = [x]
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            values.append(1.0 / (1.0 + np.exp(-(values[-1] @ W + b))))
        return values

    def vjp(u: Any, *parameters: Any) -> Any:
        values, gradients = forward(parameters), []
        for level in range(len(values) - 1, 0, -1):
            d = u * values[level] * (1 - values[level])
            gradients = [values[level - 1].T @ d, d.sum(axis=0), *gradients]
            u = d @ parameters[2 * level - 2].T
        return tuple(gradients)

    return lambda *p: forward(p)[-1], vjp, parameters


def cost() -> str:
    """Forward calls, time and memory of a check of a right network."""
    lines = ["", "Cost of a check by `derive` (dense layers with sigmoids, batch of 8):", ""]
    lines += ["| parameters | forward calls | ms | peak memory |", "|---|---|---|---|"]
    for sizes in ((4, 7, 4), (99, 100), (999, 1000)):
        f, vjp, parameters = network(sizes)
        options = {"wrt": list(range(len(parameters)))}
        check_gradient(f, vjp, *parameters, **options)
        start = time.process_time()
        report = check_gradient(f, vjp, *parameters, **options)
        seconds = time.process_time() - start
        assert report.verdict == "true", report
        tracemalloc.start()
        check_gradient(f, vjp, *parameters, **options)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        count = sum(p.size for p in parameters)
        lines.append(f"| {count:,} | {report.forward_calls} | {1e3 * seconds:.1f} | {peak:.1f} MB |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, help="write the table to this file")
    parser.add_argument("--every", type=int, default=1, help="take every n-th problem only")
    options = parser.parse_args()
    problems = [*right_problems(), *wrong_problems()][:: options.every]
    rows: dict[str, Count] = {}
    refused: dict[str, dict[str, int]] = {}
    missed: dict[str, list[str]] = {}
    kinds = list(dict.fromkeys(p.kind for p in problems if p.right))
    for name, make in TOOLS.items():
        try:
            tool = make()
        except ImportError as error:
            print(f"{name}: left out ({error})", file=sys.stderr)
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        missed[name] = []
        judged(tool, problems[0])  # start-up is not counted
        parts = {kind: measure(tool, [p for p in problems if p.right and p.kind == kind], []) for kind in kinds}
        total = measure(tool, [p for p in problems if not p.right], missed[name])
        refused[name] = {kind: part.refused for kind, part in parts.items()}
        for part in parts.values():
            total.right, total.refused = total.right + part.right, total.refused + part.refused
            total.undecided, total.seconds = total.undecided + part.undecided, total.seconds + part.seconds
        rows[name] = total
    text = table(rows, refused, missed) + cost()
    print(text)
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
