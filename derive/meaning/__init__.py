"""Typed readings of a formula over a model."""
