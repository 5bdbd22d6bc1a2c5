"""Searches for wrong verdicts: random claims whose truth an oracle knows that shares no code with `derive`.

    generator -> (model text, claim as LaTeX)  --derive-->  verdict, evidence
              -> (terms of our own)            --oracle-->  right, wrong, right on part of the domain

`terms` writes a claim, `floats` and `reals` give it values, `tally` counts; a generator each in `branches`, `laws`
and `meaning`. `python -m benchmarks branches laws meaning --draws 2000 --seed 7` runs them.
"""
