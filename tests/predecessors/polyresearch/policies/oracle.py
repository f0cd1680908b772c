"""Knows the trace: not allowed."""
