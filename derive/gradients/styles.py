"""The names in which layers, activations and losses are written, and what their parameters stand for.

    forward(x), forward_pass(x)        backward(dy), backward_pass(dy)      the vector-Jacobian product
    fn(z), f(z), __call__(z)           grad(z), df(z), derivative(a)        a slope, still to be multiplied by dy
    loss(y, p), __call__(p, y)         gradient(y, p), loss_prime(p, y)     the gradient of the value by one of them

A parameter's name decides what it is given: `y_true` is a constant, `y_pred` is differentiated by, `a` or `output` is
what forward returned, `dout` is the upstream gradient, `learning_rate` is what a step is multiplied by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SLOPES = (
    *("grad", "gradient", "df", "f_prime", "fprime", "derivative", "prime", "deriv", "loss_prime", "loss_derivative"),
    *("loss_grad", "loss_gradient", "dloss", "d_loss", "grad_loss", "cost_derivative", "gradients", "dfn", "fn_prime"),
    *("derivate", "grad_fn", "activation_derivative", "activation_prime", "d_activation", "dactivation", "d_fn"),
)


@dataclass(frozen=True)
class PassNames:
    """Names of a forward and a backward pass that go together, and whether the latter takes an upstream gradient."""

    forward: tuple[str, ...]
    backward: tuple[str, ...]
    takes_upstream: bool


STYLES = (
    PassNames(
        ("forward", "__call__", "fprop", "fwd", "forward_pass", "forward_propagation", "forwardprop", "feedforward"),
        ("backward", "bprop", "bwd", "backprop", "backward_pass", "backward_propagation", "backwardprop"),
        takes_upstream=True,
    ),
    PassNames(
        (
            *(
                "loss",
                "fn",
                "f",
                "func",
                "function",
                "activate",
                "activation",
                "cost",
                "compute_loss",
                "compute",
                "value",
            ),
            *("forward", "evaluate", "calculate", "apply", "__call__"),
        ),
        (*SLOPES, "backward"),
        takes_upstream=False,
    ),
)
VALUE_WITH_GRADIENT = ("loss", "loss_and_grad", "cost", "value_and_grad", "forward", "__call__")

TARGETS = frozenset(
    (
        *(
            "y_true",
            "target",
            "targets",
            "t",
            "actual",
            "label",
            "labels",
            "truth",
            "ground_truth",
            "gt",
            "true",
            "y_t",
        ),
        *("y_actual", "expected", "desired", "ytrue", "tgt", "y_target", "real", "observed", "true_labels"),
    )
)
PREDICTIONS = frozenset(
    (
        *("y_pred", "p", "logits", "output", "outputs", "pred", "preds", "predicted", "prediction", "predictions"),
        *("y_hat", "yhat", "scores", "score", "probs", "ypred", "probabilities", "p_pred", "y_p", "yh"),
    )
)
OUTPUTS = frozenset(
    ("a", "output", "out", "outputs", "activation", "activations", "activated", "y", "fx", "a_out", "h", "s")
)
RATES = frozenset(("learning_rate", "lr", "eta", "step_size", "learningrate"))
FLAGS = frozenset(("training", "train", "is_training", "train_flg", "train_flag", "is_train", "istraining"))
CACHES = frozenset(("cache", "caches", "ctx", "context", "saved", "memory", "tape"))
LISTS = frozenset(("grads", "douts", "gradients", "upstreams", "dys", "grad_outputs", "output_grads"))
KEPT_OUTPUTS = ("output", "outputs", "out", "y", "a", "z", "activation", "h")
RESETS = (
    *("zero_grad", "zero_grads", "zero_gradients", "flush_gradients", "reset_gradients", "reset_grads", "reset_grad"),
    *("clear_gradients", "clear_grads", "clear_grad", "cleargrads", "zerograd"),
)


def upstream_like(name: str) -> bool:
    """Whether a parameter of this name takes an upstream gradient: `dout`, `grad_output`, `accum_grad`, `delta`."""
    low = name.lower().lstrip("_")
    exact = ("g", "delta", "deltas", "upstream", "error", "err", "output_error", "cotangent", "adjoint", "v", "ct")
    return low in exact or "grad" in low or (low.startswith("d") and low not in ("data", "dim", "d")) or "bar" in low


def differentiated(names: Sequence[str]) -> list[int] | None:
    """Which of several parameters a loss is differentiated by, where their names tell it: never by a target."""
    low = [name.lower().strip("_") for name in names]
    targets = [k for k, name in enumerate(low) if name in TARGETS]
    guesses = [k for k, name in enumerate(low) if name in PREDICTIONS]
    if not targets and guesses:  # `loss(y, p)`
        targets = [k for k, name in enumerate(low) if name == "y"]
    if not targets or len(targets) == len(names):
        return None
    others = [k for k in range(len(names)) if k not in targets]
    return [k for k in others if k in guesses] or others


def slope_like(name: str) -> bool:
    """Whether a function of this name is a derivative: `sigmoid_prime`, `mse_grad`, `d_relu`, `gradient`."""
    low = name.lower()
    endings = ("_prime", "_derivative", "_grad", "_gradient", "_deriv", "prime", "derivative", "_backward_slope")
    return low in SLOPES or low.endswith(endings) or low.startswith(("d_", "grad_", "gradient_", "derivative_"))
