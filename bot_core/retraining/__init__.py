"""Models retrain themselves on schedule or on a confirmed drift, and end as a pull request, never as an activation."""
