"""The terminal screens: the only part that knows Textual."""
