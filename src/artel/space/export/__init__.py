"""Everything a user owns, as a ZIP that is written while it is sent."""
