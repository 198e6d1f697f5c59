"""What operators hold in hand: health, metrics, the operator's page and the command line."""
