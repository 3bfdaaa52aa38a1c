"""How fast, and in how much memory, a directory is made from NPPES-shaped files. See `__main__`."""
