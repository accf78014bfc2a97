"""What is true: the pure core and its store. Imports neither projections nor commands."""
