"""The one exception for mistakes that a user can mend."""


class UserError(ValueError):
    """A mistake in a file, a config or an option.

    Its message is one sentence that names the file or option, what is wrong with it and what to do. The command line
    tools print the sentence without a traceback and exit with status 1. In Python it is a ``ValueError``.
    """
