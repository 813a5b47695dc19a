"""The same contract over a Qdrant server (1.17 or newer)."""
