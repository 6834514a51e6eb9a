"""What people write and read: conditions, thresholds, text, English, JSON."""
