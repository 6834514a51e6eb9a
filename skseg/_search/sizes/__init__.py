"""Segments are split and merged until their sizes lie within bounds."""
