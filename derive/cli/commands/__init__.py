"""One file per command; each defines `command`. They are imported when they are called, not before."""
