"""What speaks to a server. It imports the protocol's library, which takes its time: see `artel.tools.mcp.hub`."""
