"""Groups that were not drawn at random: models, overlap, doubly robust scores."""
