"""Tests of skseg.model_selection."""
