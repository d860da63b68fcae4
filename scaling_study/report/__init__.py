"""Results in words and as files: tables on the terminal, the summary, the figures of a study."""
