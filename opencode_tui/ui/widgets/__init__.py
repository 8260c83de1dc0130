"""One file a widget; each carries its looks, app.tcss arranges them."""
