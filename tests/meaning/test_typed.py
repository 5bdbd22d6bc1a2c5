"""Plain text of programs: which text is taken for one, and the LaTeX that it stands for."""

from __future__ import annotations

import pytest

import derive
from derive.errors import ClaimError
from derive.meaning.typed import as_latex
from derive.model.text import loads
from derive.verification.verify import Options, verify, verify_formula

TEXT = """
X : (m, n)
w : (n,)
y : (m,)
c : scalar
r = X @ w - y
L = sum(r**2)/2
"""
MODEL = loads(TEXT)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("dL/dw = X.T @ r", r"\frac{d L}{d w} = X^\top r"),
        ("∂L/∂w = Xᵀ @ r", r"\frac{\partial L}{\partial w} = X^\top r"),
        ("dL/dw = r @ X", r"\frac{d L}{d w} = X^\top r"),
        ("L = r @ r / 2", r"L = \frac{r^\top r}{2}"),
        ("r*r == r**2", r"r \odot r = r^{\odot 2}"),
        ("c*r = -(r*-c)", r"c \cdot r = -r \cdot (-c)"),
        ("c**2*(c - (c + 1))", r"c^{2} \cdot (c - (c + 1))"),
        ("diff(L, w) = np.dot(X.T, r)", r"\frac{d L}{d w} = X^\top r"),
        ("dw = np.sum(X, axis=0)", r"dw = X^\top \mathbf{1}"),
        ("r[i] = np.exp(c)", r"r_{i} = \operatorname{exp}(c)"),
        ("Eq(Derivative(L, c), c)", r"\frac{d L}{d c} = c"),
        ("diff(L, c, 2) = 0", r"\frac{d^2 L}{d c^2} = 0"),
        ("diff(L, c, w) = 0", r"\frac{d^2 L}{d c d w} = 0"),
        ("d/dc(c**2) = 2*c", r"\frac{d (c^{2})}{d c} = 2 \cdot c"),
        ("grad_w L = X.T @ r", r"\frac{d L}{d w} = X^\top r"),
        ("dL_dw = w.grad", r"\frac{d L}{d w} = \frac{d L}{d w}"),
        ("w.grad = X.T @ r / X.shape[0]", r"\frac{d L}{d w} = \frac{X^\top r}{m}"),
        ("Trace(X*Transpose(X)) = c", r"\operatorname{trace}(X X^\top) = c"),
        ("diff(c, X) = X*X", r"\frac{d c}{d X} = X * X"),
        ("HadamardProduct(X, X) = c", r"X \odot X = c"),
        ("np.log2(c) = math.log(c, 2)", r"\log_{2}(c) = \log_{2}(c)"),
        ("r = np.clip(r, 0, None)", r"r = \operatorname{maximum}(r, 0)"),
        ("r = X @ w - y\ndL/dr = r * 1", "r = X w - y \\\\\n\\frac{d L}{d r} = r \\cdot 1"),
    ],
)
def test_what_it_stands_for(text: str, latex: str) -> None:
    assert as_latex(text, MODEL, page=False) == latex


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{dL}{dw} = X^\top * r",
        "L = r^2 * c",
        "L = (c + 1)c*2",
        "Xᵀ(Xw − y)",
        "r = Xw * c",
        "c = c_2w_1",
        "c = x² * 2",
        "a = b + c",
        "c = lambda: 3 * c",
        "c *",
        "* ( * [",
        "c" + "*c" * 5_000,
        "(" * 60 + "c*c" + ")" * 60,
    ],
)
def test_what_is_no_plain_text_is_read_as_it_stands(text: str) -> None:
    assert as_latex(text, MODEL, page=False) is None


@pytest.mark.parametrize(
    "text",
    ["r[0] = c", "dL/dw = X * r", "X**-w @ X.fly()", "c.__class__ @ c", "c = np.load(c)", "dL/dX = r @ w.T"],
)
def test_a_program_without_a_form_is_not_read_as_a_formula(text: str) -> None:
    """Broadcasting, numbers that count from zero, what is no arithmetic."""
    with pytest.raises(ClaimError):
        as_latex(text, MODEL, page=False)
    assert verify_formula(text, MODEL, options=Options(repairs=False)).results[0].verdict == "unread"


def test_options_that_are_not_read_are_told() -> None:
    for text in (
        "w = r*X.sum(axis=1, keepdims=True)",
        "w = np.sum(X, axis=1, keepdims=True)",
        "w = np.mean(X, dtype=c)",
    ):
        (result,) = verify_formula(text, MODEL, options=Options(repairs=False)).results
        assert (result.verdict, "no option of a call" in result.diagnosis) == ("unread", True)


def test_on_a_page_only_what_is_unmistakable() -> None:
    assert as_latex("L = c * c", MODEL, page=True) is None
    assert as_latex("dL/dw = X.T @ r", MODEL, page=True) == r"\frac{d L}{d w} = X^\top r"
    page = "$$dL/dw = X.T @ (X @ w - y)$$\n\n$$dL/dw = X.T @ (X @ w + y)$$\n\n$$dL/dw = 2*X.T @ r$$\n"
    results = verify(page, model=MODEL).results
    assert [result.verdict for result in results] == ["true", "false", "false"]
    assert [result.defects for result in results] == [(), ("wrong_sign",), ("extra_factor",)]


def test_alike_in_python_and_between_backticks() -> None:
    for source in ("grad_w L = X.T @ r", "`dL/dw = X.T @ r`", "Eq(diff(L, w), X.T @ r)"):
        assert derive.loads(TEXT).claim(source).verdict == "true"
    page = "$$grad_w L = X.T @ r$$\n\n$$dL/dw = 2*X.T @ r$$\n"
    assert [result.verdict for result in verify(page, model=MODEL, options=Options(repairs=False))] == ["true", "false"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("dQ = dS @ K / sqrt(k)", "true"),
        ("dK = dS.T @ Q", "false"),
        ("dL/dK = np.dot(dL/dS.T, Q) / sqrt(k)", "true"),
        ("dL/dK = dL/dS @ Q / sqrt(k)", "false"),
        ("diff(L, W) = X.T @ dQ", "true"),
        ("dW = X.T @ dL_dQ", "true"),
        ("dS = K * Q", "false"),
    ],
)
def test_a_d_of_the_model_is_no_factor_of_a_name_in_a_program(text: str, verdict: str) -> None:
    head = "X : (n, d)\nW : (d, k)\nK : (n, k)\nL : functional\nQ = X @ W\nS = Q @ K.T / sqrt(k)\nL = L(S)\n"
    assert str(verify_formula(text, loads(head), options=Options(repairs=False)).results[0].verdict) == verdict


def test_a_size_is_nothing_to_derive_by() -> None:
    assert as_latex("grad_m = 3*c", MODEL, page=False) != r"\frac{d L}{d m} = 3 \cdot c"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("L = np.pi * c", r"L = \pi \cdot c"),
        ("L = c**math.e", r"L = c^{e}"),
        ("L = sqrt(2 * M_PI) * M_LN2", r"L = \sqrt{2 \cdot \pi} \cdot (\log 2)"),
        ("L = c / (2 * M_SQRT2 * M_LN2)", r"L = \frac{c}{2 \cdot \sqrt{2} \cdot (\log 2)}"),
        ("w = y.neg().mul(c).sgn()", r"w = \operatorname{sign}((-y) \cdot c)"),
        ("w = torch.zeros_like(y)", "w = 0"),
        ("w = special_erfcx(y)", r"w = \operatorname{erfcx}(y)"),
    ],
)
def test_numbers_and_methods_by_the_names_of_libraries(text: str, latex: str) -> None:
    assert as_latex(text, MODEL, page=False) == latex


def test_a_number_of_a_library_is_no_name_of_the_model() -> None:
    for name, text in (("e", "L = c**np.e"), ("pi", "L = c * M_PI")):
        model = loads(f"{name} : scalar\n{TEXT}")
        with pytest.raises(ClaimError, match="is a name of the model, and no constant"):
            as_latex(text, model, page=False)


def test_an_order_is_a_number() -> None:
    model = loads("x : (n,)\nk : scalar\nL = sum(digamma(x))\n")
    for text, verdict in (
        ("dL/dx = polygamma(1, x)", "true"),
        ("dL/dx = polygamma(2, x)", "false"),
        ("dL/dx = polygamma(k, x)", "unread"),
        ("dL/dx = polygamma(1/2, x)", "unread"),
    ):
        (result,) = verify_formula(text, model, options=Options(repairs=False)).results
        assert result.verdict == verdict, text


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("w = np.abs(w) * ((y > 0) & (y < 1))", r"w = \operatorname{abs}(w) \odot (\mathbb{1}[y > 0 \land y < 1])"),
        ("w = (y < 0) & (c > 1) | (y > 2)", r"w = \mathbb{1}[y < 0 \land c > 1 \lor y > 2]"),
        (
            "w = np.where((y < 0) | (y > 1), 0, w)",
            r"w = \begin{cases} 0 & y < 0 \lor y > 1 \\ w & \text{otherwise} \end{cases}",
        ),
    ],
)
def test_conditions_together(text: str, latex: str) -> None:
    assert as_latex(text, MODEL, page=False) == latex


def test_conditions_that_have_no_form() -> None:
    for text in ("w = y * (((y < 0) | (c > 1)) & (y > 2))", "w = y * (y > 0 & c < 1)"):
        (result,) = verify_formula(text, MODEL, options=Options(repairs=False)).results
        assert result.verdict == "unread", text


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        (r"x > -1 \land x < 1", "true"),
        (r"x > -1 \text{ and } x < 1", "true"),
        (r"x > -1 \text{ 且 } x < 1", "true"),
        (r"0 < x < 1 \lor x \le 0 \land x > -1", "true"),
        (r"x > -1 \lor x < 1", "false"),
        (r"x > 0 \land x < 1", "false"),
        (r"x > -1 \text{ but } x < 1", "unread"),
    ],
)
def test_conditions_with_and_and_or(condition: str, verdict: str) -> None:
    model = loads("x, g : (n,)\nL = sum(g*clip(x, -1, 1))\n")
    cases = rf"\begin{{cases}} g & {condition} \\ 0 & \text{{otherwise}} \end{{cases}}"
    for right in (rf"g \odot \mathbb{{1}}[{condition}]", cases):
        formula = rf"\frac{{\partial L}}{{\partial x}} = {right}"
        (result,) = verify_formula(formula, model, options=Options(repairs=False)).results
        assert result.verdict == verdict, (formula, result.diagnosis)
