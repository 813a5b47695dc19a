"""Child processes that do what must not be done in this one: hold the interpreter for long, or crash."""
