"""Who goes to which group, and what that brings."""
