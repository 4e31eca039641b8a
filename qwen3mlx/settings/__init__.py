"""Files of the program's own state: what the user set, and the token of the command line."""
