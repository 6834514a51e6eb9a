"""What estimators share: base classes, checks of input, coding of columns."""
