"""One user's team, wired together: what the gateway talks to."""
