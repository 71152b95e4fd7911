"""Processes beside the workers: spoolers and mules."""
