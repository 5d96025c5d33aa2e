"""Tests of the translation between the three forms."""
