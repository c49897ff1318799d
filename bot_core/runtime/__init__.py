"""Where decisions run: the journal they are recorded in."""
