r"""Words of a sentence by which its display states something else than it does by itself.

    Ignoring the penalty, $$ ... $$            Up to a factor of two, $$ ... $$        $$ ... $$ plus the regulariser
    Had we taken the sum, $$ ... $$ instead    The second term contributes $$ ... $$   忽略常数，$$ ... $$
    Setting the gradient to zero gives $$ X^T X w = X^T y $$, hence $$ w = ... $$

What they change is not read. An equation that is to be *solved* says nothing of other values than its solution, and
neither does what follows from it.
"""

from __future__ import annotations

import re

_LEFT_OUT = (
    r"without(?!\s+(?:loss|any\s+loss|further|difficulty|proof))|drop(?:s|ped|ping)?|ignor(?:e|ed|es|ing)|neglect\w*|omit\w*"
    r"|disregard\w*|discard\w*|leav(?:e|ing)\s+out|suppress\w*|exclud\w*|apart\s+from|other\s+than|except|modulo|up\s+to"
)
_OTHERWISE_PUT = (
    r"instead|in\s+place\s+of|had\s+(?:we|it|the)|(?:were|was)\s+(?:we|it)|would|unlike|in\s+contrast|contrary|hypothetical\w*"
    r"|(?:if|when)\s+(?:we|one)\s+(?:had|used?|took|take|replaced?|chose|choose|removed?|assumed?|treat|treated)\b"
)
_ROUGHLY = (
    r"approximat\w+|roughly|nearly|asymptotic\w*|on\s+average|in\s+expectation|to\s+(?:\w+\s+)?(?:zeroth|first|second|leading"
    r"|lowest)\s+order|(?:of|to)\s+order|(?:in|as)\s+(?:the|a)\s+limit|in\s+the\s+\w+\s+limit|vanishing\w*"
    r"|for\s+(?:\w+\s+)?(?:large|small|tiny|huge)"
)
_SPECIAL = (
    r"special\s+cases?|in\s+the\s+(?:[\w-]+\s+){1,3}case|in\s+the\s+case\s+of|for\s+(?:a|one)\s+(?:single|particular)"
    r"|for\s+(?:(?:a|an|all)\s+)?(?:unit|zero|equal|uniform|fixed|linear|constant)\b|reduc(?:e|es|ing)\s+to"
    r"|for\s+(?:the|an?|all|any|every)\s+(?:correct|true|other|wrong|incorrect|target|remaining)\s+\w+"
)
_IN_PART = (
    r"(?:the|this|that|each|whose|its)\s+(?:(?:first|second|third|fourth|last|other|remaining|middle|left|right|data|[\w-]*penalty"
    r"|regulari[sz]ation|regulari[sz]er|diagonal|off-diagonal)\s+)(?:terms?|parts?|summands?|factors?)"
    r"|contribut\w+|plus\s+(?:the|an?)\b|minus\s+(?:the|an?)\b|multiplied\s+by|divided\s+by|(?:re)?scaled\s+by"
)
_CHINESE = (
    "忽略|不考虑|不计|略去|去掉|省略|舍去|除去|相差|差一个|近似|平均(?:来说|而言|意义)|极限|特例|特殊情况|单个样本|贡献"
    "|(?:第[一二三四]|前一|后一|最后一|正则)项|改为|换成|假如|倘若"
)
_CHANGES = re.compile(
    rf"\b(?:{_LEFT_OUT}|{_OTHERWISE_PUT}|{_ROUGHLY}|{_SPECIAL}|{_IN_PART})\b|{_CHINESE}", re.IGNORECASE
)
_ZERO = r"(?:zero|0|\$\s*(?:0|\\mathbf\s*\{?0\}?)\s*\$)"
_SOLVED = re.compile(
    rf"\b(?:set\w*|equat\w+|put\w*|equals?|be|is|becomes?)\b[^.;]{{0,80}}?(?<![\w.]){_ZERO}(?![\w.])"
    r"|\b(?:vanish(?:es)?|optimum|optimal(?:ity)?|minimi[sz]ers?|maximi[sz]ers?|stationar\w+|critical\s+points?|normal\s+equations?"
    r"|first-order\s+conditions?|solv(?:e|es|ed|ing)|solutions?|satisf\w+|must|requir\w+|in\s+equilibrium"
    r"|at\s+(?:the|a|its|this)\s+(?:\w+\s+)?(?:minimum|maximum|extremum|optimum|saddle|fixed\s+point|solution))\b"
    r"|\bwe\s+(?:want|demand|need|would\s+like)(?:\s+that)?[\s:]*\Z"
    rf"|(?:令|使|设|置)[^。；]{{0,40}}?(?:为|等于|=)\s*(?:零|{_ZERO})|最优|极[小大]?值|驻点|正规方程|解得|求解|解出|满足|必须|要求",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"(?:[\s,，.。:：;；>]|\b(?:and|or|so|that|hence|thus|therefore|then|which|this|it|i\.e\.|is|gives?|giving|yields?|yielding"
    r"|implies|means|equivalently|follows|from|we|get|obtain|have|find|in\s+other\s+words)\b"
    r"|即|也就是|所以|因此|于是|从而|故|则|那么|可得|得到|得|有|或|整理)*\Z",
    re.IGNORECASE,
)
_SUMMED = re.compile(
    r"(?:einstein|summation)\s+(?:summation\s+)?(?:convention|notation)|repeated\s+ind(?:ex|ices)|爱因斯坦求和|求和约定",
    re.IGNORECASE,
)


def changed(sentence: str) -> str:
    """The words of a sentence that change what its display states; empty if there are none."""
    return _found(_CHANGES, sentence)


def solved(sentence: str) -> str:
    """The words of a sentence by which its display is an equation for something."""
    return _found(_SOLVED, sentence)


def follows(lead: str) -> bool:
    """Whether nothing but words of inference stand between two displays."""
    return _FOLLOWS.fullmatch(lead) is not None


def summed(sentence: str) -> str:
    """The words by which a page sums over what it writes twice, without a sign for it."""
    return _found(_SUMMED, sentence)


def _found(pattern: re.Pattern[str], sentence: str) -> str:
    found = pattern.search(sentence)
    return " ".join(found[0].split()) if found is not None else ""
