"""The provider directory: search for mental health professionals. Imports nothing from `indexer`."""
