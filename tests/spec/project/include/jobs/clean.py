#!/usr/bin/env python3
"""A job that no test runs."""
