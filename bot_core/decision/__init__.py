"""May this candidate be acted upon? Pure: limits, costs, rules and a model's answer in; a verdict with all its reasons out."""
