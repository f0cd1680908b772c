"""What backends of Autoresearch Lab import, where that package itself is not installed."""
