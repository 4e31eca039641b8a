"""The declared table of all settings, and the program's own state files."""
