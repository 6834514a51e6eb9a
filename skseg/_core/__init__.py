"""What estimators share: the base of segmenters, checks of what is passed, coding."""
