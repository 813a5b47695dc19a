"""Memory over long conversations: the sets, and what is counted."""
