"""The paper's experiments as plans, and a runner for them."""
