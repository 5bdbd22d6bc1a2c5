"""Searches for wrong verdicts: random claims whose truth an oracle knows that shares no code with `derive`.

    generator -> (model text, claim as LaTeX)  --derive-->  verdict, evidence
              -> (terms of our own)            --oracle-->  right, wrong, right on part of the domain

`terms` writes a claim, `floats` and `reals` give it values, `tally` counts; a generator each in `branches`, `laws`
and `meaning`. Random models are made by `models` of what `expressions` and `array_terms` write, `oracle` gives values
and gradients, `findings` counts; what is emitted of them is held against those in `emission`, what is printed in
`printed`.
`python -m benchmarks branches emission --draws 2000 --seed 7` runs two of the searches.
"""
