"""The registry of handed-over minefield maps: what was handed over, and how good it is."""

__version__ = "0.1.0"
