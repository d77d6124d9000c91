"""What it costs, as ratios to peers and physical limits measured in the same run. Run by `make bench`."""
