"""What tables of runs say, with their uncertainty. Pure: DataFrame in, DataFrame or value out."""
