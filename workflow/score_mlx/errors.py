"""The one exception that is the user's to mend: shown as a single line, never as a traceback."""


class UserError(Exception):
    """Bad input. The message names the file, row or key, what was found and what was expected."""
