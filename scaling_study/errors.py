"""The two ways a user's request can fail, each told in one line, and warnings in the same form."""

import warnings


class ConfigError(ValueError):
    """A key holds something it may not hold. The message names the key, the value and what is allowed."""

    def __init__(self, key, value, allowed):
        super().__init__(encodable(f"{key}={value}: {allowed}"))


class StudyError(RuntimeError):
    """Data, folders or device stand in the way of the work; the message says which and how to mend it."""

    def __init__(self, message):
        super().__init__(encodable(message))


def plain_warnings():
    """Show warnings as lines of their own, without the source line that a user can do nothing with."""
    warnings.formatwarning = lambda message, *_: f"warning: {message}\n"


def one_line(error, length=500):
    """The message of an error as one line; of an error in a process that reads images its last line alone."""
    text = str(error)
    if "Original Traceback" in text:
        text = text.strip().splitlines()[-1]
    return encodable(" ".join(text.split())[:length])


def encodable(text):
    """The text with what no table or log could hold, bytes of file names that are no UTF-8, as \\udce9 and the like."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
