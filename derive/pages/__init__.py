"""Pages: formulas, code, models and directives in order."""
