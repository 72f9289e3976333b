"""Spark jobs that learn from the logs of a music service: sessions, churn, segments, recommendations, topics, plays per hour."""
