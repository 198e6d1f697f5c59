"""Territorial pacts: opened by the département, agreed and signed by each party, then followed year after year."""
