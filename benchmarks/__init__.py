"""What evalkit costs beside models and peers (`make bench`), and how often its gate is right (`make bench-gate`)."""
