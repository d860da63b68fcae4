"""From a checked configuration to runs: the variant, its budget and limits, the identity of a run, the sweep."""
