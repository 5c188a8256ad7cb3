"""What is shown: the interactive web map."""
