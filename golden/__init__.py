"""The golden JSON traces: what they hold, how they are built, how they are checked."""
