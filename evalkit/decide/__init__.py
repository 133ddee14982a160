"""From results to numbers and verdicts: pure functions."""
