"""Operators, a module for each noun."""
