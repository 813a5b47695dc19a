"""A package, so that its worlds end with it."""
