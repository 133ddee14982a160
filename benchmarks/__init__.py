"""What evalkit costs beside a model, and beside its peers: `make bench`, or `python -m benchmarks --help`."""
