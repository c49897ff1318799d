"""Whether to act on a primary model's signal: events, honest folds, a threshold that pays."""
