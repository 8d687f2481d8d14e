"""cebd declares goods to China Customs' cross-border e-commerce import system."""

__version__ = "0.1.0"
