"""
Who the segments are
====================

K-Means gives codes. A profile says who the customers of each code are,
`name_segments` finds the fewest traits that no other segment has, and three displays
show the rest.
"""

from sklearn.cluster import KMeans
from sklearn.preprocessing import QuantileTransformer

from skseg.datasets import make_customers
from skseg.displays import (
    CompositionDisplay,
    SegmentBoxDisplay,
    SegmentRadarDisplay,
)
from skseg.playbook import name_segments
from skseg.profile import profile_segments

customers = make_customers(2000, missing=0.0, random_state=0)
customers = customers.drop(columns="customer_id")
numbers = customers.select_dtypes("number")
ranks = QuantileTransformer(n_quantiles=200).fit_transform(numbers)
codes = KMeans(5, n_init=5, random_state=0).fit_predict(ranks)

# %%
# Names come with the numbers that make them true.
names = name_segments(profile_segments(codes, customers))
print(names[["name", "evidence"]].to_string())

# %%
# Boxes show one or several features in their own unit, with everyone as reference.
profile = profile_segments(codes, customers, segment_names=names["name"].tolist())
SegmentBoxDisplay.from_profile(profile)

# %%
# Levels of a feature are stacked.
CompositionDisplay.from_profile(profile)

# %%
# The radius is the rank of the segment's median among all customers.
SegmentRadarDisplay.from_profile(profile)
