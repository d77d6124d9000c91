"""The example of a person who decides, as it is."""

from lineageflow_airflow.example_dags import approved_sales

dag = approved_sales.dag
