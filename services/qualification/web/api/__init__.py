"""What programs may do and read: cases, catalogue, pacts, evaluations, and the links of providers and parties."""
