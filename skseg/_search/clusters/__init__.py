"""Clusters: silhouettes, DBSCAN on a shared graph, the gap statistic, agreement."""
