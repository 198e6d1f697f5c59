"""The four independent services; none of them imports another."""
