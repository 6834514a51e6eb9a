"""The rows of a study: groups, customers, weights, the honest split."""
