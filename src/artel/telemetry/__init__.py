"""What the administrator sees: logs and metrics, never users' content."""
