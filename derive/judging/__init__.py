"""From claims to verdicts: what a statement is held against, and the words for what was found."""
