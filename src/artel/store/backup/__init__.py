"""Backups: one file with every row of every shard, and the way back. See docs/backups.md."""
