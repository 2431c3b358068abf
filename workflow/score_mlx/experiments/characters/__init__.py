"""Tables 10 and 11: character models."""
