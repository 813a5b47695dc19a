"""Artel: a self-hosted personal multi-agent AI platform."""

__version__ = "0.1.0"
