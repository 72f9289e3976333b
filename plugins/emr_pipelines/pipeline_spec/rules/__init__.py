"""The rules of a spec, one module for each matter; `registry` lists them all."""
