"""The page of a study: one HTML file that explains it, and lets its reader look at every run."""
