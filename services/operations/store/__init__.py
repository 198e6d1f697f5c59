"""What operators write down: who did what, and why."""
