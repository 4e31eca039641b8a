"""The skills: each module turns a random generator and a split into one `Exchange`."""
