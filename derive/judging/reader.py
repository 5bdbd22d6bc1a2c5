"""Reading sources in one context: a graph, the macros and the definitions that hold at a place of a page.

One object per display, so that what was read once is not read again while a repair looks at many variants.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from derive.ir.graph import ComputationGraph
from derive.meaning.claim import Claim
from derive.meaning.context import Context
from derive.meaning.reading import Holds, read
from derive.typography.layout import Layout, parse
from derive.typography.macros import Macros


@dataclass
class Reader:
    """`reader(source)` gives the layout of a formula and its claims; ClaimError for what has no layout.

    With `holds` what is false of a name's own meaning defines the name; `said`: words say that it defines. With `like`
    the layouts are those of another reader, which reads the same page against more of the model.
    """

    context: Context
    macros: Macros = field(default_factory=dict)
    like: Reader | None = None
    holds: Holds | None = None
    said: bool = False
    _layouts: dict[str, Layout] = field(default_factory=dict)
    _known: dict[str, tuple[Layout, tuple[Claim, ...]]] = field(default_factory=dict)

    @property
    def graph(self) -> ComputationGraph:
        """The model that the formulas are about."""
        return self.context.graph

    def layout(self, source: str) -> Layout:
        """The layout of a formula."""
        if self.like is not None:
            return self.like.layout(source)
        if source not in self._layouts:
            self._layouts[source] = parse(source, self.macros, self.context.main.lexicon.beside)
        return self._layouts[source]

    def __call__(self, source: str) -> tuple[Layout, tuple[Claim, ...]]:
        if source not in self._known:
            layout = self.layout(source)
            self._known[source] = layout, read(layout, self.context, self.holds, said=self.said)
        return self._known[source]
