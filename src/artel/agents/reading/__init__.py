"""Reads a user's chats in the background: sums up what is older than a model is given, and learns facts."""
