"""What an agent team remembers of its user."""
