"""Signal, sentiment and regime by name, each watched for drift as it runs."""

from bot_core.routing.router import ModelRouter, router_singleton

__all__ = ["ModelRouter", "router_singleton"]
