"""Are two nodes equal? Probes, proofs, counterexamples."""
