"""The composition root: everything is made here, once, and handed to whoever needs it."""
