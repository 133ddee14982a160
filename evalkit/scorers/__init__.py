"""How to judge an answer: one file per family of scorers, strangers to one another."""
