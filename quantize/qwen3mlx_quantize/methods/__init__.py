"""How a matrix becomes packed integers and scales."""
