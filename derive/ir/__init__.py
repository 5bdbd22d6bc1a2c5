"""The graph: sizes, nodes, builders, and ordered lists of bindings."""
