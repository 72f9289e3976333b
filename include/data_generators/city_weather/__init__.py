"""Invents the daily weather of real cities, for the sample input of the city tables."""
