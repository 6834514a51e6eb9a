"""Revenue tiers: customers cut by score into the tiers of a menu that make most."""

from ._binner import OptimalRevenueBinner
from ._bootstrap import RevenueBootstrap
from ._propensity import PropensityBinner

__all__ = ["OptimalRevenueBinner", "PropensityBinner", "RevenueBootstrap"]
