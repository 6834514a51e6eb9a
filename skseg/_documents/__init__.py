"""JSON and YAML as plain data: strict loaders, and checks of what a document holds."""
