"""What this service decides: who is told what, where mail goes, and what may become of a delivery. Pure."""
