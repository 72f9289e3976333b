"""One module per kind of step: what a run makes of it. `table.py` chooses; the spec's side of each kind is in `pipeline_spec/kinds`. Pure."""
