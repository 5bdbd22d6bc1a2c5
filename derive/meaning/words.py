r"""Words of prose beside a formula: what they do to the statement.

    \text{hence } A = B           nothing
    A = B \text{ for } i = j      the statement behind them is a condition of the one before
    \text{twice } A = B           nobody knows: the formula cannot be judged without them

Harmless is what stands in a list; any other word, and any sign that is no punctuation, may change what is stated.
"""

from __future__ import annotations

import re
from typing import Literal

Effect = Literal["none", "condition", "unknown"]


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINKING = _listed(
    "so hence thus therefore then and also as well consequently accordingly finally first firstly secondly "
    "thirdly next now again similarly likewise analogously moreover furthermore further recall note notice "
    "observe remember here where with which that this it we one you can get gets obtain obtains have has had find "
    "finds see know derive compute calculate write conclude arrive gives give giving yields yield yielding "
    "follows follow follow implies imply implying becomes become means is are be reads read simplifies to simply "
    "just clearly obviously easily easy indeed since because while but both i e eg viz namely or equivalently in "
    "other words short directly immediately result results resulting us our by from using use used via through "
    "apply applying substituting substitute inserting plugging into combining differentiating rearranging "
    "simplifying collecting taking due on the a an all these together after before above below done qed "
    "definition recalling note s eq eqn eqs equation equations step line lemma theorem proposition rule rules "
    "chain product quotient sum matrix vector form notation calculus algebra linearity symmetry multivariate "
    "backpropagation backprop backward forward pass propagation linear layer output hidden input softmax sigmoid "
    "cross entropy loss error activation gradient gradients derivative derivatives partial wrt same way "
    "desired required wanted"
)
_NOUNS = _listed(
    "sum gradient gradients derivative derivatives partial error loss product quotient matrix vector definition a "
    "an the to by from in on into wrt"
)
"""Words that would be a part of what they stand before: `\\text{gradient } L` is not L."""
_RESTATES = _listed("equivalently in simply short just")
"""Words behind an `or` that say the same again; any other leaves open which of two statements holds."""
_EXAMPLE = re.compile(r"\bfor (?:example|instance)\b")
_INTRODUCES = re.compile(
    r"(?:^|\s)(?:for(?: (?:all|any|each|every|both|some))?|if|when|whenever)(?: (?:the|indices|index|all))*$"
)
_NUMBERED = _listed("eq eqn eqs equation equations step line lemma theorem proposition rule by from")
_CHINESE = _listed(
    "因此 所以 于是 从而 故 得到 可得 可知 可以得到 可以 得 有 其中 并且 而且 且 和 及 以及 "
    "与 即 也就是 也即 则 那么 由此 由于 因为 由 根据 利用 使用 通过 链式法则 链式求导法则 "
    "法则 求导 对其求导 代入 整理 化简 展开 同理 类似地 类似 同样 另外 此外 最后 首先 然后 "
    "接着 我们 梯度 导数 偏导数 偏导 误差 损失 损失函数 输出层 隐藏层 隐层 输入层 输出 前向传播 "
    "反向传播 为 是 等于 如下 后 上式 下式 式 公式 的 这里 这 又 因 之 写成 写作 记作 记为 "
    "也 就 到 所求 时"
)
_CHINESE_RUN = re.compile("(?:" + "|".join(sorted(_CHINESE, key=len, reverse=True)) + ")*")
_CHINESE_NOUNS = ("的", "梯度", "导数", "偏导数", "偏导", "误差", "损失", "损失函数", "对", "与", "和")
_CHINESE_CONDITION = re.compile("^(?:对于|对|当|若|如果|如若)(?:所有|任意|任意的|每个|每一个|全部)?(?:的)?$")
_TOKEN = re.compile(r"[a-z]+|[0-9]+(?:[.\-][0-9]+)*[a-z]?|[一-鿿]+|\S")
_PUNCTUATION = frozenset(".,:;!'\"()[]（）：，。；、！“”‘’…-–—")


def effect(words: str, *, leads: bool) -> Effect:
    """What words do to a formula beside them; `leads`: they stand right before it."""
    text = _EXAMPLE.sub("", " ".join(words.lower().replace("~", " ").split()))
    bare = text.strip(" ,.:;()（），：")
    if leads and (found := _INTRODUCES.search(bare)):
        return "condition" if _harmless(bare[: found.start()], leads=False) else "unknown"
    if leads and _CHINESE_CONDITION.match(bare):
        return "condition"
    return "none" if _harmless(text, leads=leads) else "unknown"


def _harmless(text: str, *, leads: bool) -> bool:
    tokens = _TOKEN.findall(text)
    in_brackets = text[:1] in ("(", "（") and text[-1:] in (")", "）", ":", "：")
    last = ""
    for k, token in enumerate(tokens):
        if token in _PUNCTUATION:
            continue
        if token[0].isdigit():
            if not in_brackets and not _NUMBERED.intersection(tokens[:k]) and k + 1 == len(tokens):
                return False
            if not in_brackets and not _NUMBERED.intersection(tokens[:k]) and tokens[k + 1] not in (")", ".", ":"):
                return False
        elif token.isascii():
            if token not in _LINKING or (token == "or" and not _RESTATES.intersection(tokens[k + 1 : k + 2])):
                return False
        elif not _CHINESE_RUN.fullmatch(token):
            return False
        last = token
    if not leads or in_brackets or (tokens and tokens[-1] in (":", "：", ",", "，")):
        return True
    return last not in _NOUNS and (last.isascii() or not last.endswith(_CHINESE_NOUNS))
