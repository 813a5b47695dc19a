"""The web for agents: reading pages and searching."""
