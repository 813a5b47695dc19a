"""`artel doctor`: finds what is wrong, names it, and says what to do. It changes nothing."""
