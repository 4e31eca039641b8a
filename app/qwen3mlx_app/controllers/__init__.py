"""What views want -> what services do."""
