"""Weights of evidence and information values."""
