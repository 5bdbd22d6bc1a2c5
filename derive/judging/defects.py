"""One list of defect keys, for formulas and for code.

Every false verdict names its cause with keys from this list and no others, so that a script can rely on them
and two parts of the toolkit never call one mistake by two names.
"""

from __future__ import annotations

FORMULA: dict[str, str] = {
    "wrong_sign": "the sign is wrong: of the whole, of one group, of one term or of one branch",
    "extra_factor": "a factor stands there that does not belong",
    "missing_factor": "a factor is missing: a constant, or a link of the chain",
    "missing_square": "a square is missing",
    "missing_prime": "a function stands where its derivative belongs",
    "missing_partial": "a partial derivative of the chain is missing",
    "missing_term": "a term of the sum is missing: a path, or a part of the product rule",
    "missing_brackets": "brackets are missing",
    "wrong_operand": "another quantity stands there (an activation for a pre-activation)",
    "wrong_left_side": "right, but for another derivative than the one it is given for",
    "wrong_index": "an index is wrong",
    "index_shift": "an index is shifted by one",
    "index_order": "two indices are exchanged",
    "sum_limit": "a sum runs over the wrong range",
    "missing_sum": "a sum is missing",
    "undefined_symbol": "a symbol is used that nobody defined",
    "scope": "a name is used outside the place where it has a meaning",
    "shape_mismatch": "the shapes do not fit",
    "transposed": "transposed, or axes in another order",
    "operand_order": "the operands of a product stand in the wrong order",
    "extra_term": "a term is added that does not belong",
    "extra_sum": "a sum stands there that does not belong",
    "stray_token": "something stands there that belongs to nothing",
    "notation": "the notation is not consistent",
}

CODE: dict[str, str] = {
    "syntax": "the code cannot be parsed",
    "name_typo": "a name is misspelled",
    "undefined_name": "a name is used that is not defined",
    "attribute_never_set": "an attribute is read that nothing sets",
}

GRADIENT: dict[str, str] = {
    "mean_for_sum": "a mean is taken where a sum is needed",
    "regulariser": "right except for the gradient of a regulariser",
    "one_row": "one row is wrong, the others are right",
    "one_column": "one column is wrong, the others are right",
    "one_slice": "one slice along a later axis is wrong, the others are right",
    "one_coordinate": "one coordinate is wrong, all others are right",
    "negative_inputs": "wrong only where a forward value is negative",
    "positive_inputs": "wrong only where a forward value is positive",
    "ignores_upstream": "the upstream gradient is not used",
    "second_call": "right at the first call, wrong at the second",
    "mutates_argument": "an argument is changed in place",
    "nondeterministic": "the forward pass gives different values for the same input",
    "not_finite": "NaN or infinity",
    "missing_gradient": "a gradient is missing",
    "wrong_type": "the gradient is not an array of floats",
    "raises": "the function raises an exception",
    "timeout": "the function did not return within the time limit",
    "lost_precision": "right in float64, but wrong in the precision of the arguments",
    "wrong_value": "wrong, for a reason that could not be named",
}

DEFECTS: dict[str, str] = {**FORMULA, **CODE, **GRADIENT}
