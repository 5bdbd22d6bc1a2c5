"""Formulas and pages: verdicts, conventions, repairs."""
