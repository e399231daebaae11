"""Files of data, edited at random: whatever comes out must be the numbers, or one message."""
