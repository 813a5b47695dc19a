"""`python -m artel`: the same as the command `artel`."""

from artel.cli import main

main()
