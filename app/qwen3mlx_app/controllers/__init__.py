"""Carry out what views ask for, with the services."""
