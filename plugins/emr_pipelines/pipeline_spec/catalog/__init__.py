"""Dated facts about EMR that specs are checked against: each a JSON file beside the module that reads it."""
