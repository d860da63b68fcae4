"""The two ways a user's request can fail, each told in one line, and warnings in the same form."""

import warnings


class ConfigError(ValueError):
    """A key holds something it may not hold. The message names the key, the value and what is allowed."""

    def __init__(self, key, value, allowed):
        super().__init__(f"{key}={value}: {allowed}")


class StudyError(RuntimeError):
    """Data, folders or device stand in the way of the work; the message says which and how to mend it."""


def plain_warnings():
    """Show warnings as lines of their own, without the source line that a user can do nothing with."""
    warnings.formatwarning = lambda message, *_: f"warning: {message}\n"
