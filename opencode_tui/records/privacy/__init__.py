"""What may be kept of what tools were given and of what went wrong: known words, files, hosts, names."""
