"""What two peers are given to run; their own Python imports it, ours never does."""
