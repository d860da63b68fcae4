"""What a network costs: flops, params, activations, activation bytes."""
