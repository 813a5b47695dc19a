"""`python -m bench`: all of them."""

from bench.run_all import main

main()
