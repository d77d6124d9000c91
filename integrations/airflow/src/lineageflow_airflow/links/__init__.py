"""Links from Airflow's pages to the lake's."""
