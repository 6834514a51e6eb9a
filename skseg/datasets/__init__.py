"""Generators of customers, orders and leads, with the truth they were drawn from."""

from ._cart_abandoners import make_cart_abandoners
from ._customer_types import CUSTOMER_TYPES as CUSTOMER_TYPES
from ._customers import make_customers
from ._orders import make_orders
from ._seller_groups import make_seller_groups

__all__ = [
    "make_cart_abandoners",
    "make_customers",
    "make_orders",
    "make_seller_groups",
]
