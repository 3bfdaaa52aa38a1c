"""Loads provider profiles from their sources into an engine of the directory."""
