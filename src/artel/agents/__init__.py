"""Personal agents: what they are made of, how they are called, and one turn of their work."""
