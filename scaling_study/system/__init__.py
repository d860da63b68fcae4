"""What the operating system offers: locks, processes, standard output, processors."""
