"""Where two groups differ: search over boxes, inference, information values."""
