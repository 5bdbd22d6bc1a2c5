"""Searches for wrong answers: random inputs against oracles that share no code with `derive`."""
