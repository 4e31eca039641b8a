"""Methods that turn a matrix into packed integers and scales."""
