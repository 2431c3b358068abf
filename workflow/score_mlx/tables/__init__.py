"""Pure functions of run records: what tables, figures and verdicts show."""
