r"""Lines that a hasty reader takes for true: bars, powers, products, indices, chains, signs and ranges.

None of WRONG holds in the model for all values, and none may be called true or be taken for a definition.
"""

from __future__ import annotations

import pytest

from derive.model import loads
from derive.verification.verify import Options, verify_formula

MODEL = """
x, y, u : (n,)
p : (n,), positive
A, B, X : (n, n)
R : (m, n)
S : (n, n), symmetric
V : (n, n), invertible
a, b, c, w : scalar
k_0 : scalar, positive
m_0 : size
sigma : function = sigmoid
tanh : function = tanh
f, g : function
z = w*a + b
s = sigma(z)
h = f(z)
q = A @ x
r = maximum(0, x)
L = sum((q - y)**2) + s**2
"""
GRAPH = loads(MODEL)
WRONG = [
    r"\sqrt{a^2} = a",
    r"|a| = a",
    r"\frac{0}{0} = \frac{0}{0}",
    r"\log(-1) = \log(-1)",
    r"\frac{1}{a-a} = \frac{1}{a-a}",
    r"\frac{a-a}{a-a} = 1",
    r"V^{-1} A V = A",
    r"A^T = A",
    r"\sum_{i=1}^n x_i = \sum_{i=1}^m x_i",
    r"\sum_{i=1}^{n} x_{i+1} = \sum_{i=2}^{n} x_i",
    r"\sum_{i=1}^n a = a",
    r"\sum_{i \ne j} x_i = \sum_i x_i",
    r"\sum_{i<n} x_i = \sum_i x_i",
    r"\prod_i x_i = \sum_i x_i",
    r"\prod_i x_i = \prod_i y_i",
    r"a \neq a",
    r"a \not= a",
    r"a < a",
    r"a \pm b = a + b",
    r"a = \pm a",
    r"\frac{\partial L}{\partial a} \Big|_{a=0} = \frac{\partial L}{\partial a}",
    r"\left. \frac{\partial L}{\partial a} \right|_{a=1} = \frac{\partial L}{\partial a}",
    r"A^+ = A",
    r"A^\dagger = A^T",
    r"A^* = A",
    r"x^* = x",
    r"A' = A^T",
    r"A' = A",
    r"\phantom{-}a = -a",
    r"{\color{red}-}a = a",
    r"\underbrace{2 a}_{\text{twice}} = a",
    r"\boxed{a = 2a}",
    r"a = b \text{ if } b = a",
    r"\frac{\partial L}{\partial s} = 2s \text{ or } 3s",
    r"a = a + 1 % ",
    r"a = a \tag{1} + 1",
    r"a \label{x} + 1 = a",
    r"\frac{\partial L}{\partial x_i} = 2\sum_j A_{ji} q_j + A_{ji} y_j",
    r"-a^2 = a^2",
    r"-a^2 = (-a)^2",
    r"a^bc = a^{bc}",
    r"a^23 = a^{23}",
    r"\sqrt 2a = \sqrt{2a}",
    r"\log k_0 + a = \log(k_0 + a)",
    r"\sin^2 a = \sin(\sin a)",
    r"\sin^{-1} a = 1/\sin a",
    r"f(a)^2 = f(a^2)",
    r"f^2(a) = f(f(a))",
    r"f^{-1}(a) = 1/f(a)",
    r"f \circ g = g \circ f",
    r"(f \circ g)(a) = f(a) g(a)",
    r"(f \circ g)(a) = g(f(a))",
    r"f(g(a)) = g(f(a))",
    r"f(g(a))' = f'(g(a))",
    r"f'(a b) = f'(a) b",
    r"f''(a) = f'(a)^2",
    r"f'(a)^2 = f''(a)",
    r"x \otimes y = y x^T",
    r"x * y = x^T y",
    r"A * B = B * A",
    r"A \cdot B = B \cdot A",
    r"A B = A \odot B",
    r"\langle x, y \rangle = x y^T",
    r"\mathbb{E}[a] = a",
    r"E[a] = a",
    r"\frac{\partial^2 L}{\partial a} = \frac{\partial L}{\partial a}",
    r"\frac{\partial^2 L}{\partial a^2} = \left(\frac{\partial L}{\partial a}\right)^2",
    r"\frac{\partial^2 L}{\partial a \partial b} = \frac{\partial L}{\partial a}\frac{\partial L}{\partial b}",
    r"\frac{\partial L^2}{\partial a^2} = \frac{\partial^2 L}{\partial a^2}",
    r"\frac{\partial L}{\partial a^2} = \frac{\partial^2 L}{\partial a^2}",
    r"\frac{d L}{d a} da = dL",
    r"\frac{\partial L}{\partial a} \frac{\partial a}{\partial L} = 1",
    r"\frac{\partial s}{\partial z} = \frac{1}{\frac{\partial z}{\partial s}}",
    r"\frac{\partial z}{\partial a}\frac{\partial a}{\partial b} = \frac{\partial z}{\partial b}",
    r"\frac{\partial a}{\partial b} = 1",
    r"\nabla L = \frac{\partial L}{\partial x}",
    r"\nabla_x L = \nabla_y L",
    r"\nabla_x^2 L = 2 A A^T",
    r"\nabla^2 L = 0",
    r"\Delta x = x",
    r"\Delta a = a",
    r"\det(A + B) = \det A + \det B",
    r"\mathrm{tr}(A B) = \mathrm{tr}(A) \mathrm{tr}(B)",
    r"\|A B\| = \|A\| \|B\|",
    r"\|x\|_1 = \|x\|_2",
    r"\|x\|_\infty = \|x\|",
    r"\|A\|_2 = \|A\|_F",
    r"\|x\|_0 = \|x\|",
    r"\|x\|_A = \|x\|",
    r"x^2 = x^T x",
    r"x^3 = x",
    r"A^2 = A \odot A",
    r"A^{-1} = 1/A",
    r"A^0 = 1",
    r"A^0 = \mathbf{1}\mathbf{1}^T",
    r"\frac{A}{B} = A B^{-1}",
    r"\frac{x}{y} = x",
    r"e^{A+B} = e^A e^B",
    r"x_i = y_i",
    r"x_i x_i = \|x\|^2",
    r"A_{ij} x_j = q_i",
    r"q_i = \sum_j A_{ij} x_i",
    r"q_j = \sum_j A_{ij} x_j",
    r"q = \sum_j A_{ij} x_j",
    r"q_i = \sum_{j=1}^{n-1} A_{ij} x_j",
    r"q_1 = q_2",
    r"x_0 = x_0",
    r"x_{n+1} = x_{n+1}",
    r"x_{-1} = x_n",
    r"A_{12} = A_{21}",
    r"A_{i:} = A_{:i}",
    r"A_{ii} = \mathrm{tr} A",
    r"\delta_{ij} x_j = x_i",
    r"r_i = x_i \mathbb{1}[x_i > 1]",
    r"r_i = x_i [x_i < 0]",
    r"r = \min(x,0)",
    r"\frac{\partial r_i}{\partial x_i} = 1",
    r"\frac{\partial r_i}{\partial x_i} = \begin{cases} 1 & x_i > 0 \\ 1 & \text{otherwise} \end{cases}",
    r"a = a = b",
    r"a = b = b",
    r"a = a, b = c",
    r"a = a \\ b = c",
    r"\begin{aligned} a &= a \\ &= b \end{aligned}",
    r"a = a \Rightarrow b = c",
    r"a = a \quad (b = c)",
    r"a = a \text{ where } b = c",
    r"a := b",
    r"a \equiv b",
    r"a \triangleq b",
    r"a \stackrel{!}{=} b",
    r"a \overset{(1)}{=} b",
    r"a \leftarrow b",
    r"a = ?",
    r"= a",
    r"a =",
    r"a == b",
    r"a + = a",
    r"(a = a",
    r"a = \ldots = b",
    r"a = \cdots",
    r"x^T A = A x",
    r"x^T A = A^T x",
    r"x^T = x",
    r"x y^T = y x^T",
    r"x^T A y = y^T A x",
    r"R x = x^T R^T",
    r"R^T R = R R^T",
    r"x \mathbf{1}^T = \mathbf{1} x^T",
    r"\mathbf{1} = 1",
    r"\mathrm{diag}(x) A = A \mathrm{diag}(x)",
    r"\mathrm{diag}(A) = A",
    r"\mathrm{diag}(\mathrm{diag}(A)) = A",
    r"\sigma(-a) = -\sigma(a)",
    r"\sigma'(a) = a(1-a)",
    r"\tanh(a) = 2\sigma(a) - 1",
    r"\sigma(x)^T y = \sigma(x^T y)",
    r"\sigma(A x) = \sigma(A) x",
    r"\sigma(q) = A \sigma(x)",
    r"0.33 a = a/3",
    r"\frac13 = 0.34",
    r"\pi = 3.15",
]
RIGHT = [
    r"\sqrt{k_0^2} = k_0",
    r"|k_0| = k_0",
    r"\frac{a}{a} = 1",
    r"V V^{-1} = I",
    r"S^T = S",
    r"\sum_{i=2}^n x_i = \sum_{i=1}^n x_i - x_1",
    r"\sum_{i=1}^n 1 = n",
    r"\mathbf{x} = x",
    r"2^2a = 4a",
    r"a^23 = 3a^2",
    r"\frac12a = a/2",
    r"\frac 1 2 a = a/2",
    r"\sqrt 2a = \sqrt{2} a",
    r"\sin^2 a = \sin(a)^2",
    r"\log^2 k_0 = \log(k_0)^2",
    r"A \odot B = B \odot A",
    r"\frac{\partial^2 L}{\partial a \partial b} = \frac{\partial^2 L}{\partial b \partial a}",
    r"\frac{\partial L^2}{\partial a} = 2L\frac{\partial L}{\partial a}",
    r"\nabla_x^2 L = 2 A^T A",
    r"\det(A B) = \det(A) \det(B)",
    r"\mathrm{tr}(AB) = \mathrm{tr}(BA)",
    r"\det A^T = \det A",
    r"\|x\|^2 = x^T x",
    r"q_i = \sum_j A_{ij} x_j",
    r"x_1 = x_1",
    r"A_{1,2} = A_{12}",
    r"r_i = x_i \mathbb{1}[x_i > 0]",
    r"r = \max(x, 0)",
    r"\frac{\partial r_i}{\partial x_i} = \begin{cases} 1 & x_i > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"x^T A = (A^T x)^T",
    r"x^T y = y^T x",
    r"x^T A y = y^T A^T x",
    r"x^T S y = y^T S x",
    r"\mathbf{1}^T x = \sum_i x_i",
    r"x + 1 = x + \mathbf{1}",
    r"\mathrm{diag}(x) y = x \odot y",
    r"\sigma(a) = \frac{1}{1+e^{-a}}",
    r"\sigma(-a) = 1 - \sigma(a)",
    r"\tanh(a) = 2\sigma(2a) - 1",
    r"0.5 = \frac12",
    r"a = 1.0 a",
    r"10^{3} a = 1000 a",
    r"A^0 = I",
    r"V^{-2} = V^{-1} V^{-1}",
    r"(A^2)^T = (A^T)^2",
    r"A^{\circ 2} = A \odot A",
    r"A^{12} = A^6 A^6",
    r"f(v)^2 = f(v) f(v)",
]
UNREAD = [
    # roots and powers by a letter of a square matrix have more than one meaning
    r"A^{1/2} = \sqrt{A}",
    r"A^b = A^b",
    r"V^{-1/2} V V^{-1/2} = I",
    r"e^A = \exp(A)",
    # operators that every text knows are no new names
    r"\mathrm{rank}(A) = n",
    r"\mathrm{Var}(a) = a",
    r"\operatorname{Cov}(x, y) = A",
    r"\mathbb{E}[x] = y",
    r"\mathbb{E}(x) = y",
    r"\dim(A) = n",
    r"\operatorname{vec}(A) = x",
]
AMBIGUOUS = [
    # a sum ends at the next sign, and its index occurs behind it
    r"\frac{\partial L}{\partial x_i} = 2\sum_j A_{ji} q_j - A_{ji} y_j",
    r"L = \sum_i q_i^2 - 2 q_i y_i + y_i^2 + s^2",
]


@pytest.mark.parametrize("latex", WRONG)
def test_wrong(latex: str) -> None:
    verdict = verify_formula(latex, GRAPH, options=Options(repairs=False)).results[0].verdict
    assert verdict not in ("true", "definition")


@pytest.mark.parametrize("latex", RIGHT)
def test_right(latex: str) -> None:
    assert verify_formula(latex, GRAPH, options=Options(repairs=False)).results[0].verdict == "true"


@pytest.mark.parametrize("latex", UNREAD)
def test_unread(latex: str) -> None:
    assert verify_formula(latex, GRAPH, options=Options(repairs=False)).results[0].verdict == "unread"


@pytest.mark.parametrize("latex", AMBIGUOUS)
def test_ambiguous(latex: str) -> None:
    assert verify_formula(latex, GRAPH, options=Options(repairs=False)).results[0].verdict == "ambiguous"
