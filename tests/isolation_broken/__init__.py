"""Apart from the isolation suite, since what is broken on purpose here must not count there."""
