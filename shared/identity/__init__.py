"""Who acts: the agents an administrator created, what each may see, and the tokens that act for them."""
