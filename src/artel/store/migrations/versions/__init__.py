"""One file a step; a step that ran anywhere is never edited."""
