"""A user's personal orchestrator."""
