"""Training one variant: recipe, loop, checkpoint."""
