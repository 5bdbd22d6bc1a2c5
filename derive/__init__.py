"""derive: symbolic derivation and verification of gradients."""
