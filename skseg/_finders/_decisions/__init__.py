"""What to do about findings, and the tables that say so."""
