"""A user's long-term memory: what was said and done, found again by meaning."""
