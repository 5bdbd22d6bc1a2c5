"""Python fences of a page: run, judged, repaired."""
