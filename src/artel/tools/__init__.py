"""Tools that agents may be given."""
