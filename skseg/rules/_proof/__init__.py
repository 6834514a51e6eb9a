"""The proof that rules exclude each other and leave nobody out."""
