"""Names of what lies in no segment and has the code -1."""

# Rows outside of the universe of a rule set.
OUTSIDE = "outside"
# Rows that belong to no cluster, unless the rule set calls them otherwise.
NOISE = "Noise"
