"""Order lines of any frame library, cleaned and grouped into orders."""
