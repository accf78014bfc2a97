"""What plays histories for the oracle, and the bugs that it has to notice: these know the product as well."""
