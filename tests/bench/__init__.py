"""`make bench`: what the product does a second, beside others who do the same job on the same machine."""
