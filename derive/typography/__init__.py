"""What stands where in a formula, before any meaning: tokens, layout, statements."""
