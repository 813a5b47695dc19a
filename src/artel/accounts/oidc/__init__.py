"""Signing in through an OpenID Connect provider: `docs/access.md` says what is believed, and why."""
