"""Tests against real server processes."""
