"""The user's files: uploads, and what tools made."""
