"""Tables 7a to 9: SCORE beside the native stack of the same depth."""
