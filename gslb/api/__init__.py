"""The control API and the dashboard over HTTP: what `gslb run` and `gslb control` serve to people and their programs."""
