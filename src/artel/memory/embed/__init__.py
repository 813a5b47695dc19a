"""Texts as dense vectors: a model bundled with Artel, one from fastembed, or any OpenAI-compatible API."""
