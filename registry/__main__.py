"""``python -m registry`` is the command ``minefield-registry``."""

from registry.cli import main

main()
