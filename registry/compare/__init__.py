"""The comparison: recorded minefields against recorded explosions. No function here sees a registry or a file."""
