"""What gets runs trained: checks, workers, processes, a cluster's jobs, the run itself, and the progress display."""
