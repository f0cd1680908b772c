"""Pairs of what is packed and what it becomes."""
RULES = []
