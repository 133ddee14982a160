"""`python -m evalkit` is the command."""

from evalkit.cli.main import main

main()
