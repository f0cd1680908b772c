"""The part of Autoresearch Lab that a backend needs."""
