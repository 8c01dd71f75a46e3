"""The one kind of error that is a user's to mend."""


class BitscapeError(Exception):
    """A mistake in the input, told in one sentence: what is wrong, where, and how to mend it.

    Stages and the command line print the sentence alone, without a traceback, and exit with status 1.
    """


class CannotTrain(BitscapeError):
    """The collection lacks what a method learns from; the other methods can still be trained and compared."""
