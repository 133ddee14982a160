"""What makes a run happen: plan, ask, keep, score, archive."""
