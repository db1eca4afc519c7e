"""What makeitso costs beside the bare tools it stands on. `make bench` prints the table."""
