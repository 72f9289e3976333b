"""The only room that imports Airflow: factory, operators, sensor, links."""
