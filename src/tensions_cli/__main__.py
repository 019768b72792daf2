"""`python -m tensions_cli`."""

from tensions_cli.cli import main

main()
