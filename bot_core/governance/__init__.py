"""How a model earns the right to decide. Light: no training library is imported here."""
