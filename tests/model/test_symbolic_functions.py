"""Every function of SymPy that has a counterpart has SymPy's values and slopes; what has none is told."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from sympy.codegen.cfunctions import exp2, expm1, log1p

from derive.calculus.reverse import backprop
from derive.errors import DeriveError
from derive.model import from_sympy
from derive.ops.evaluate import Digits, Evaluator
from derive.ops.sympy_bridge import FUNCTIONS

x, y, L = sp.symbols("x y L")
ONE = [
    sp.exp, sp.log, sp.sqrt, sp.Abs, sp.sign, sp.sin, sp.cos, sp.tan, sp.cot, sp.sec, sp.csc, sp.asin, sp.acos, sp.atan,
    sp.acot, sp.sinh, sp.cosh, sp.tanh, sp.coth, sp.sech, sp.csch, sp.asinh, sp.atanh, sp.asech, sp.acsch, sp.gamma,
    sp.loggamma, sp.digamma, sp.trigamma, sp.erf, sp.erfc, sp.erfinv, sp.erfcinv, sp.sinc, sp.floor, sp.ceiling,
    sp.cbrt, sp.factorial, sp.frac,
]  # fmt: skip
TWO = [sp.atan2, sp.Max, sp.Min, sp.Pow, sp.erf2, sp.beta]
MORE = [
    sp.acosh(x + 1), sp.acoth(x + 1), sp.asec(x + 1), sp.acsc(x + 1), sp.log(x, 2), 2**x, sp.polygamma(3, x),
    sp.Heaviside(x - y) * x, exp2(x), log1p(x), expm1(x),
    sp.Piecewise((x, sp.And(x > 0, y > 1)), (y, sp.Or(x > 2, y > 0)), (x * y, True)),
    sp.Piecewise((x, sp.Not(x < y)), (y**2, True)),
    sp.Mod(x + 2, y), sp.re(x) + sp.im(y) + sp.conjugate(x), sp.real_root(x, 3),
    sp.Piecewise((x, sp.Ne(x, y)), (y**2, True)),
]  # fmt: skip
EXPRESSIONS = [f(x) for f in ONE] + [f(x, y) for f in TWO] + MORE
UNKNOWN_TO_EVALF = {
    sp.erfcinv: lambda u: sp.erfinv(1 - u),
    sp.erf2: lambda u, v: sp.erf(v) - sp.erf(u),
    exp2: lambda u: 2**u,
    log1p: lambda u: sp.log(1 + u),
    expm1: lambda u: sp.exp(u) - 1,
}
POINT = {x: sp.Rational(7, 20), y: sp.Rational(3, 5)}


def by_sympy(expression):
    for function, definition in UNKNOWN_TO_EVALF.items():
        expression = expression.replace(function, definition)
    return mpmath.mpf(str(sp.N(expression.subs(POINT), 30)))


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_values_and_slopes(expression):
    graph = from_sympy({L: expression})
    digits = Digits(40)
    point = {str(symbol): digits.array(Fraction(int(value.p), int(value.q))) for symbol, value in POINT.items()}
    found = Evaluator({n: point[n] for n in graph.inputs}, {}, backend=digits).run(backprop(graph).gradient).values
    with mpmath.workdps(30):
        assert abs(mpmath.mpf(str(found["L"])) - by_sympy(expression)) < 1e-20
        if "∂L/∂x" in found:
            h = sp.Rational(1, 10**12)
            up, down = (by_sympy(expression.subs(x, x + step)) for step in (h, -h))
            slope = (up - down) / (2 * mpmath.mpf(10) ** -12)
            assert abs(mpmath.mpf(str(found["∂L/∂x"])) - slope) < 1e-10


def test_all_functions_of_the_table_are_tried():
    assert set(FUNCTIONS) <= {*ONE, *TWO} | {sp.acosh}


def test_derivatives_of_unknown_functions():
    f, g = sp.Function("f"), sp.Function("g")
    node = from_sympy({L: sp.diff(f(x), x)}).bindings["L"].node
    assert (node.name, node.orders) == ("f", (1,))
    chained = from_sympy({L: sp.diff(f(x**2), x)}).bindings["L"].node
    assert any(part.op == "call" and part.orders == (1,) for part in chained.args)
    mixed = from_sympy({L: sp.Derivative(g(x, y), x, (y, 2))}).bindings["L"].node
    assert mixed.orders == (1, 2)


def test_symbols_are_real_whatever_sympy_assumes():
    graph = from_sympy({L: sp.diff(sp.Abs(x * y), x)})
    assert float(Evaluator({"x": -2.0, "y": 5.0}, {}).run(graph).values["L"]) == -5


def test_derivatives_of_expressions_are_taken():
    graph = from_sympy({L: sp.Derivative(x**3 * y, x)})
    assert float(Evaluator({"x": 2.0, "y": 5.0}, {}).run(graph).values["L"]) == 60


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (sp.Integral(y, (y, 0, x)), "Integral"),
        (sp.zeta(x), "zeta"),
        (sp.I * x, "I"),
        (sp.Piecewise((x, x > 0)), "no last case"),
        (sp.polygamma(y, x), "whole number"),
        (sp.Function("f")(x) + sp.Function("f")(x, y), "two ways"),
        (sp.Limit(x, x, 0), "Limit"),
    ],
)
def test_what_has_no_counterpart_is_told(expression, words):
    with pytest.raises(DeriveError, match=words):
        from_sympy({L: expression})


def test_a_derivative_of_what_the_model_defines_is_refused():
    z = sp.Symbol("z")
    with pytest.raises(DeriveError, match="which the model defines"):
        from_sympy({z: x**2, L: sp.Derivative(z, x, evaluate=False) + z})
