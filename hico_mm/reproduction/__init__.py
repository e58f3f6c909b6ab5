"""The paper's experiments as plans, and one runner for them."""
