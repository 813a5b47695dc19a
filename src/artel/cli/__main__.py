"""`python -m artel.cli`: the same as the command `artel`."""

from artel.cli import main

main()
