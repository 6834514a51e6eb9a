"""Algorithms under the estimators: plain numpy in and out."""
