"""Tables 2 to 5: every architecture in every configuration."""
