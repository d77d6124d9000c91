"""A Dagster project on every flight that left New York in 2013: from monthly deliveries to a delay model."""
