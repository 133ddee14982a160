"""How to reach a model: one file per way, strangers to one another."""
