"""Memory, descriptors and objects stay flat under load."""
