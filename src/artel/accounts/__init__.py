"""Who a caller is: users, passwords, sign-ins, API keys, and users' own keys to model providers."""
