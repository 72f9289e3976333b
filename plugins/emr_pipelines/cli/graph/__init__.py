"""The verb `graph`: a pipeline's steps and data as text, Mermaid or SVG."""
