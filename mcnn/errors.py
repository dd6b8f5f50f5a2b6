"""The one error type that a user's input can cause."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line that says what was given and what would be accepted. The command line prints it
    and exits with status 2; a screen shows it as it is.
    """
