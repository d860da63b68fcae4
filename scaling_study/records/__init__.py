"""Files of runs and the tables made of them: written atomically, read with types."""
