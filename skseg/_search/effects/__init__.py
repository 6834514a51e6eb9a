"""Effects of one group over another: boxes, inference, information values."""
