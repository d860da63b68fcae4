"""One file per verb of the command line, tying the rest together."""
