"""Reading what was handed over."""
