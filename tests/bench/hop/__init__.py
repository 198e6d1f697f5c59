"""One hop: what one service committed takes effect in the next; ours, and the least that any durable design does."""
