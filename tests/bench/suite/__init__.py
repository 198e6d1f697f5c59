"""How long all tests take."""
