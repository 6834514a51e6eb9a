"""Tests of skseg.metrics."""
