"""What waits for the user's consent."""
