"""What stores and searches profiles: one port (`base`), one module an engine."""
