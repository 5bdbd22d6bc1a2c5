"""The repair of a chain of equations.

Members that are equal form classes. For each class as the one that is right, every other member is repaired to equal
it; the choice with the lowest cost wins. A left side that is a derivative is right by what it says, so the class of the
left side comes first, and it is edited itself only where that is the smaller change. A member without a value gets
edits at the place where it fails first, until it has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, islice, takewhile

from derive.errors import DeriveError
from derive.meaning.claim import Problem
from derive.repair.calculus import letters_of
from derive.repair.edit import Edit, Scene
from derive.repair.layer_range import scoped
from derive.repair.table import candidates, whole_candidates
from derive.repair.tree import partials
from derive.repair.variants import Bench, BudgetSpent, Tried
from derive.typography.layout import replaced
from derive.typography.nodes import Offsets

MOST_EDITS = 4
MOST_STEPS = (0, 0, 2, 2, 4)
"""How many first edits are followed up, by the number of edits that are left."""
MUCH_MORE = 0.1
"""What an edit costs more than first edits that help, where it is no longer tried."""
MOST_PAIRS = 600
MOST_LIKELY = 1.15
"""The cost up to which an edit may be one of two."""
MOST_COST = 100.0
LEFT_SIDE = 0.3
"""What it costs more to say that the left side is the wrong one."""
LIKELY = 1.03
"""The cost up to which an edit is tried first on a member that is right for some layers."""
_INDICES = ("undefined_symbol", "wrong_index", "index_shift", "index_order", "sum_limit")
REMEDIES: Mapping[str, tuple[str, ...]] = {
    "undefined_symbol": (*_INDICES, "wrong_operand"),
    "wrong_index": (*_INDICES, "wrong_operand", "missing_sum", "missing_brackets", "shape_mismatch"),
    "sum_limit": ("sum_limit", "index_shift"),
    "missing_partial": ("missing_partial",),
}
"""Which edits can help a member that has no value for a reason; for other reasons every edit can."""


@dataclass(frozen=True)
class Fix:
    """Edits of one statement and the source they lead to."""

    edits: tuple[Edit, ...]
    source: str
    cost: float


@dataclass
class ChainRepair:
    """The repair of a chain of equations."""

    bench: Bench
    start: Tried
    _candidates: dict[int, tuple[list[Edit], Iterator[Edit]]] = field(default_factory=dict)

    def fixes(self) -> Iterator[Fix]:
        """Complete fixes, cheapest first as far as that is known."""
        found = list(self.whole_edits())
        classes = self.classes()
        try:
            for chosen in classes:
                least = min((fix.cost for fix in found), default=MOST_COST)
                fix = self.towards(chosen, classes, least)
                if fix is not None:
                    found.append(fix)
        except BudgetSpent:
            if not found:
                raise
        if not found:
            found = list(self.left_first())
        yield from sorted(found, key=lambda fix: fix.cost)

    def classes(self) -> list[list[int]]:
        """Members that are equal to each other, the class of the left side first."""
        bench = self.bench
        classes: list[list[int]] = [[0]]
        for k in range(1, bench.count):
            if k - 1 < len(self.start.links) and self.start.links[k - 1]:
                next(group for group in classes if k - 1 in group).append(k)
                continue
            for group in classes:
                if bench.count > 2 and bench.pair(bench.text(group[0]), bench.text(k)).holds:
                    group.append(k)
                    break
            else:
                classes.append([k])
        return classes

    def towards(self, chosen: list[int], classes: list[list[int]], limit: float) -> Fix | None:
        """Every member outside of the chosen class repaired to equal it, for less than `limit`."""
        bench = self.bench
        if chosen[0] in self.start.problems:
            return None
        right = bench.text(chosen[0])
        edits: list[Edit] = []
        texts: dict[int, str] = {}
        cost = 0.0 if 0 in chosen else LEFT_SIDE
        outside = sorted(k for group in classes if group is not chosen for k in group)
        for k in outside:
            found = self.member(k, right, limit - cost, single=0 not in chosen)
            if found is None:
                return None
            cost += found.cost
            edits += found.edits
            texts[k] = found.source
        changes = [(bench.place(k), text) for k, text in texts.items() if text is not None]
        source = replaced(bench.source, changes)
        scopes = [edit for edit in edits if edit.defect == "scope"]
        if scopes:
            source = scoped(bench, texts, [k for k in outside if texts[k] == bench.text(k)], edits)
        return Fix(tuple(edits), source, cost)

    def member(self, k: int, right: str, limit: float, *, single: bool) -> Fix | None:
        """The cheapest edits of member k that make it equal to `right`; `source` is its new text."""
        tried = self.compare(k, right, self.bench.text(k), every=True)
        partly = k > 0 and bool(tried.scopes) and any(tried.scopes[0]) and any(tried.failing[0])
        broken = k in self.start.problems and not partly
        placed = broken and self.start.problems[k].defect in REMEDIES
        least = min(limit, LIKELY) if partly else limit
        found = self.staged(k, right, limit) if placed else self.one_edit(k, right, least)
        if found is not None or single:
            return found
        if broken:
            found = self.one_edit(k, right, limit) if placed else self.staged(k, right, limit)
        if found is not None:
            return found
        if partly:
            layers = ", ".join(tried.scopes[0])
            edit = Edit(
                "scope", ((self.bench.statement.members[k].span, self.bench.text(k)),), f"true for {layers} only", 1.5
            )
            return Fix((edit,), self.bench.text(k), 1.5)
        return self.staged(k, right, limit, depth=2, finish=True) if broken else self.two_edits(k, right)

    def candidates(self, k: int) -> Iterator[Edit]:
        """Every edit of member k, cheapest first; made when it is asked for, and once."""
        if k not in self._candidates:
            self._candidates[k] = [], self._made(k)
        made, more = self._candidates[k]
        for at in count():
            if at == len(made):
                made.extend(islice(more, 1))
            if at == len(made):
                return
            yield made[at]

    def _made(self, k: int, keys: tuple[str, ...] | None = None) -> Iterator[Edit]:
        """The edits of member k; what came out of a macro has no place of its own and stays."""
        start, end = self.bench.place(k)
        for edit in candidates(self.bench.scene(k, self.start), keys):
            placed = all(start <= a and b <= end for (a, b), _ in edit.changes)
            if placed and self.bench.budget.allows(edit, self.bench.source):
                yield edit

    def compare(self, k: int, right: str, text: str, *, every: bool = False) -> Tried:
        left, right = (text, right) if k == 0 else (right, text)
        return self.bench.pair(left, right, every=every)

    def one_edit(self, k: int, right: str, limit: float = MOST_COST) -> Fix | None:
        """The cheapest single edit that makes a member equal to `right`."""
        for edit in self.candidates(k):
            if edit.cost >= limit:
                return None
            text = self.bench.edited(k, edit.changes)
            if _squeezed(text) == _squeezed(right) or self.bench.words.idle(text) > self.bench.words.idle(
                self.bench.text(k)
            ):
                continue
            tried = self.compare(k, right, text)
            says_nothing = any(partials(member) for member in self.bench.statement.members[1:])
            repeats = tried.same and k == 0 and says_nothing and edit.defect in ("wrong_left_side", "wrong_operand")
            if tried.holds and not repeats:
                return Fix((edit,), text, edit.cost)
        return None

    def staged(self, k: int, right: str, limit: float, depth: int = MOST_EDITS, *, finish: bool = False) -> Fix | None:
        """For a member without a value: an edit at that place that gets further, then others, up to four in all.

        With `finish` a member that has got its value may need one more edit.
        """
        problem = self.start.problems.get(k)
        if problem is None:
            return self.one_edit(k, right, limit) if finish else None
        bench = self.bench
        steps: list[tuple[bool, float, Edit, str]] = []
        places = _places(bench.scene(k, self.start), problem)
        most = MOST_STEPS[depth]
        for edit in self._made(k, REMEDIES.get(problem.defect)):
            enough = 0 < most <= len(steps) and edit.cost > MUCH_MORE + steps[most - 1][1]
            if edit.cost >= limit or enough:
                break
            if places and not any(_touch(span, place) for span, _ in edit.changes for place in places):
                continue
            text = bench.edited(k, edit.changes)
            if bench.words.idle(text) > bench.words.idle(bench.text(k)):
                continue
            after = self.compare(k, right, text)
            if after.holds:
                return Fix((edit,), text, edit.cost)
            mine = after.problems.get(0 if k == 0 else 1)
            if after.links and (mine is None or _form(mine) != _form(problem)):
                steps.append((mine is not None, edit.cost, edit, text))
        for _, cost, edit, text in sorted(steps, key=lambda step: step[:2])[:most]:
            inner = self.after(replaced(bench.source, [(bench.place(k), text)]))
            left = limit - cost
            found = inner.staged(k, right, left, depth - 1, finish=finish) if inner is not None else None
            if found is not None:
                return Fix((edit, *found.edits), found.source, edit.cost + found.cost)
        return None

    def after(self, source: str) -> ChainRepair | None:
        """The same statement in another version of the display, if it still is one of as many members."""
        bench = self.bench
        try:
            _, claims = bench.reader(source)
        except DeriveError:
            return None
        if bench.number >= len(claims) or len(claims[bench.number].statement.members) != bench.count:
            return None
        claim = claims[bench.number]
        if claim.unread is not None:
            return None
        other = replace(bench, source=source, statement=claim.statement)
        return ChainRepair(other, other.tried(claim))

    def two_edits(self, k: int, right: str) -> Fix | None:
        """Two edits at once, for a member that has a value: pairs of the likeliest, by their cost."""
        likely = takewhile(lambda edit: edit.cost <= MOST_LIKELY, self.candidates(k))
        edits = list(islice(likely, 60))
        pairs = sorted(
            ((a.cost + b.cost, i, j) for i, a in enumerate(edits) for j, b in enumerate(edits[:i])), key=lambda p: p[0]
        )
        for cost, i, j in pairs[:MOST_PAIRS]:
            both = Edit("", (*edits[i].changes, *edits[j].changes), "")
            if both.overlaps:
                continue
            text = self.bench.edited(k, both.changes)
            if self.compare(k, right, text).holds:
                return Fix((edits[j], edits[i]), text, cost)
        return None

    def whole_edits(self) -> Iterator[Fix]:
        """An edit that changes several members at once."""
        for edit in whole_candidates(self.bench.scene(0)):
            source = replaced(self.bench.source, edit.changes)
            if self.bench.whole(source).holds:
                yield Fix((edit,), source, edit.cost)

    def left_first(self) -> Iterator[Fix]:
        """A left side that says nothing yet (a ratio, an unknown name): repaired first, and the others after it."""
        bench = self.bench
        for edit in self.candidates(0):
            if edit.defect not in ("missing_partial", "undefined_symbol"):
                continue
            inner = self.after(replaced(bench.source, edit.changes))
            if inner is None:
                continue
            classes = inner.classes()
            found = inner.towards(classes[0], classes, MOST_COST)
            if found is not None:
                yield Fix((edit, *found.edits), found.source, edit.cost + found.cost)


def _form(problem: Problem) -> str:
    """What a problem is about, without numbers: the same fault at another layer is no progress."""
    return re.sub(r"[-+]?\s*\d+", "#", problem.message.casefold())


def _squeezed(text: str) -> str:
    """A text without blanks: a member that only repeats another one says nothing."""
    return "".join(text.split())


def _places(scene: Scene, problem: Problem) -> list[Offsets]:
    """Where a member without a value may be at fault; nothing if it may be anywhere.

    Of an index that counts different things in two places either may be wrong.
    """
    if problem.defect == "sum_limit":
        return []
    if problem.defect != "wrong_index":
        return [problem.span]
    letters = {name.span: set(letters_of(name)) for name in scene.indexed}
    here = set().union(*(found for span, found in letters.items() if _touch(span, problem.span)))
    return [problem.span, *(span for span, found in letters.items() if found & here)]


def _touch(one: Offsets, other: Offsets) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
