"""Users' own MCP servers: their rows, and their tools in the toolbox."""
