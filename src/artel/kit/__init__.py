"""What every room may use: ids, clock, money, secrets and the error root."""
