"""The functions of ``import scaling_study``: networks and their costs, analyses, whole commands."""
