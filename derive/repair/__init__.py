"""Diagnosis by repair: the smallest edit of the author's own text that makes a false formula true."""
