"""How to show a run: one file per kind of output, strangers to one another."""
