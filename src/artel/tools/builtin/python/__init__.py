"""Python programs that models write, in a sandbox."""
