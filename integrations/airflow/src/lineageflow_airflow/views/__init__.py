"""Pages in Airflow's own: what a DAG run did to the lake. Imported by the API server, when one is opened."""
