"""Single parts of the bridge, without a hub."""
