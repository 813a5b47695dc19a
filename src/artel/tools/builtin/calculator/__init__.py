"""Exact arithmetic on expressions that models write."""
