"""The agent bus: the `tasks` table is the truth, nothing waits in memory, any process may run any task."""
