"""Conversations: the list of them, their history, and the runs that messages set in motion."""
