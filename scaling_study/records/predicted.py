"""Columns of the tables of what a study's law predicts."""

# One row per budget that task=recommend was asked for.
RECOMMENDATION_COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "limit": "string",  # flops, params, activations, activation_bytes or latency
    "budget": "float64",  # multiple of the baseline's
    "built": "float64",  # the same of the network as built
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "resolution_px": "Int64",
    "built_depth": "float64",  # as the network is built with them, which the prediction is of
    "built_width": "float64",
    "built_resolution": "float64",
    "top1": "float64",  # predicted, percent
    "low": "float64",  # confidence interval of the mean
    "high": "float64",
    "run_low": "float64",  # prediction interval of one run
    "run_high": "float64",
    "runs_before": "Int64",  # runs of these coefficients that the prediction comes from
    "extrapolated": "boolean",  # farther from the trained variants than any of them
}

# One row per network that task=predict was asked for and that no run has.
PREDICTION_COLUMNS = {
    "model": "string",
    "epochs": "Int64",
    "method": "string",  # as in runs.csv
    "flops_target": "float64",
    "depth": "float64",
    "width": "float64",
    "resolution": "float64",
    "resolution_px": "Int64",
    "built_depth": "float64",  # as the network is built with them, which the prediction is of
    "built_width": "float64",
    "built_resolution": "float64",
    "built": "float64",  # multiply-adds as multiples of the baseline's
    "top1": "float64",  # predicted, percent
    "low": "float64",  # confidence interval of the mean
    "high": "float64",
    "run_low": "float64",  # prediction interval of one run
    "run_high": "float64",
    "extrapolated": "boolean",  # farther from the trained variants than any of them
    "variants": "Int64",  # networks whose runs the law was fitted to
    "predicted_at": "string",  # ISO 8601, UTC
}
