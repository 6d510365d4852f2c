"""The registry of suppliers, and the risk score of each of their cases."""
