"""What evalkit costs beside a model and its peers (`make bench`), and how often its gate is right (`make bench-gate`)."""
