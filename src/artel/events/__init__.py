"""Events: what happened in a user's space, numbered, kept for replay, and delivered live to everyone who listens."""
