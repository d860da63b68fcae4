"""A study as a data set repository of the Hugging Face Hub."""
