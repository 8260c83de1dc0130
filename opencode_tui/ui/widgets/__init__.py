"""The widgets, one file each, with their own styles; app.tcss arranges them."""
