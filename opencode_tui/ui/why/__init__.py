"""The tabs of the Why screen, a file each."""
