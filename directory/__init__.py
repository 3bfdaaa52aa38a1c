"""The provider directory: search for mental health professionals. Imports nothing from `indexer`."""

__version__ = "0.1.0"
