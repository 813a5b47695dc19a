"""Tools of the house that run on the server."""
