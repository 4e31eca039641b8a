"""What is seen: widgets that show models and say what a person wants."""
