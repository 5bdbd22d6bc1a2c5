"""The rules of stability, one table: what is written, what runs, and where the former fails.

Rules of `BEFORE` rewrite definitions before these are differentiated, through bindings, so that the derivatives are
those of the stable form (`derive.codegen.stabilise`). Rules of `AFTER` rewrite single expressions of what is going to
be emitted, value and derivatives alike (`derive.codegen.last_pass`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.codegen import difference_forms, last_forms, logistic_forms, quotient_forms, root_forms, variance_forms
from derive.codegen.textbook_forms import Looking
from derive.ir.node import Node


@dataclass(frozen=True)
class Rule:
    """`apply` gives the stable form of a node, or None; `fails` says where few digits of the written one are right."""

    name: str
    written: str
    stable: str
    fails: str
    apply: Callable[[Looking, Node], Node | None]


BEFORE: tuple[Rule, ...] = (
    Rule("softmax", "e^{z_i} / sum_j e^{z_j}", "softmax(z)", "z = 800", logistic_forms.softmax_form),
    Rule("pooled", "(e^z @ v) / sum(e^z)", "softmax(z) @ v", "z = 800", logistic_forms.pooled_form),
    Rule("tanh", "(e^p - e^q) / (e^p + e^q)", "tanh((p - q)/2)", "p = 800", logistic_forms.tanh_form),
    Rule("shifted tanh", "(1 + tanh(u))/2", "sigmoid(2u)", "u = -40", logistic_forms.shifted_tanh_form),
    Rule(
        "sigmoid",
        "1 / (1 + e^u), e^p / (e^p + e^q), e^u / (1 + e^u)^2, e^p / (c + e^q)",
        "sigmoid(-u), sigmoid(p - q), e^{p - log(c + e^q)}",
        "u = 800",
        logistic_forms.sigmoid_form,
    ),
    Rule("exponentials", "e^p / e^q, e^p e^q", "e^{p - q}, e^{p + q}", "p = q = 800", logistic_forms.exponential_form),
    Rule(
        "log",
        "log of e^u, sums of them, sigmoids, 1 - tanh^2, det",
        "u, logsumexp, softplus, ...",
        "u = ±800",
        logistic_forms.log_form,
    ),
    Rule(
        "softplus in pieces",
        "max(u, 0) + log(1 + e^{-|u|}), log(1 + e^u) - u",
        "softplus(u), softplus(-u)",
        "u = 0: the slope; u = 40",
        logistic_forms.softplus_form,
    ),
    Rule(
        "chosen",
        "where(c, sigmoid(u), 1 - sigmoid(u))",
        "sigmoid(where(c, u, -u))",
        "u = ±40",
        logistic_forms.chosen_form,
    ),
    Rule(
        "norm",
        "sqrt(sum x^2), sqrt(a^2 + b^2), sqrt(a^2)",
        "norm(x), hypot(a, b), |a|",
        "x = 1e-200, 1e200, 0",
        root_forms.norm_form,
    ),
    Rule("squared norm", "norm(x)^2", "sum x^2", "x = 0: the slope", root_forms.squared_norm_form),
    Rule(
        "direction",
        "a . b / (norm(a) norm(b))",
        "over(a, norm(a)) . over(b, norm(b))",
        "a = 1e-200",
        root_forms.direction_form,
    ),
    Rule(
        "differences",
        "f(p) - f(q), f = sqrt, log, 1/x; sqrt(p) - r",
        "(p - q) / (sqrt(p) + sqrt(q)), log1p((p - q)/q), (q - p)/p/q",
        "p = q + 1, q = 1e16",
        difference_forms.difference_form,
    ),
    Rule(
        "log of a quotient", "log(p/q)", "log1p((p - q)/q)", "p = q + 1, q = 1e16", difference_forms.log_quotient_form
    ),
    Rule(
        "rests of series",
        "e^u - 1 - u, p - 1 - log(p), u - sin(u)",
        "functions of their own",
        "u = 1e-9",
        difference_forms.rest_form,
    ),
    Rule(
        "variance",
        "mean(x y) - mean(x) mean(y), sum(x y) - sum(x) sum(y)/n, y may be x",
        "mean((x - mean(x)) (y - mean(y)))",
        "x = 5e6 + {0, 1, 3}",
        variance_forms.variance_form,
    ),
    Rule(
        "quotient",
        "(e^u - 1)/u, log(1 + u)/u, sin(u)/u, tanh(u)/u, (1 - cos(u))/u^2",
        "the mean of the slope",
        "u = 0, 1e-9",
        quotient_forms.quotient_form,
    ),
    Rule(
        "share",
        "u / (u + v)",
        "the same, with its slope v / (u + v)^2",
        "u = 1e5 v: the slope",
        quotient_forms.share_form,
    ),
    Rule("sinc", "sinc(u)", "sin(pi u)/(pi u), a regular function", "u = 0: the slope", quotient_forms.sinc_form),
)

AFTER: tuple[Rule, ...] = (
    Rule("log1p", "log(1 + u)", "log1p(u)", "u = 1e-20", last_forms.log1p_form),
    Rule(
        "one less",
        "1 - sigmoid, 1 - tanh, 1 - tanh^2, 1 - e^u, 1 - cos, 1 ± erf, 1 ± u/hypot(u, v)",
        "sigmoid(-u), ..., expm1, sin^2, erfc",
        "u = 40, 1e-9",
        last_forms.one_less_form,
    ),
    Rule("1/2 + erf/2", "c + c erf(u) in a sum", "c erfc(-u)", "u = -6", last_forms.error_function_form),
    Rule(
        "root less a number",
        "sqrt(1 + u) - 1",
        "u / (sqrt(1 + u) + 1)",
        "u = 1e-18",
        difference_forms.root_less_number_form,
    ),
    Rule(
        "half",
        "1 - 2 sigmoid(u), sigmoid(-u) - sigmoid(u), 1/2 - sigmoid(u), e^u - e^{-u}",
        "-tanh(u/2), 2 sinh(u)",
        "u = 1e-20",
        last_forms.half_form,
    ),
    Rule("power", "n x^(n - 1)", "0 for n = 0", "x = 0", last_forms.power_form),
    Rule(
        "x log x", "x log(x), x^p log(x), x log(x/q), x (log(x) - r)", "0 for x = 0", "x = 0", last_forms.logarithm_form
    ),
)
