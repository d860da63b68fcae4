"""Statistics of tables of runs, with their uncertainty. Pure: DataFrame in, DataFrame or value out."""
