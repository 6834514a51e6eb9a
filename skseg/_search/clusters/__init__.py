"""Clusters: silhouettes, DBSCAN on shared neighbours, the gap statistic, agreement."""
